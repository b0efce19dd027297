#!/bin/bash
set -euo pipefail
cat > documents.py <<'PYTHON'
"""Documents of customers, by name."""

import os
import stat


def read_document(root: str, name: str) -> str:
    """Return the text of a document.

    Args:
        root: Folder of one customer's documents.
        name: As the customer asked for it, such as `2024/invoice.txt`.

    Raises:
        PermissionError: The name leads out of the folder.
        FileNotFoundError: There is no such document.
    """
    if not name or name.startswith("/") or "\0" in name:
        raise PermissionError(f"not a document's name: {name!r}")
    inside = os.path.realpath(root)
    target = os.path.realpath(os.path.join(inside, name))
    if target != inside and not target.startswith(inside.rstrip("/") + "/"):
        raise PermissionError(f"leads out of the folder: {name!r}")
    try:
        os.stat(os.path.join(inside, name))  # realpath takes `none/..` for nothing; the system does not
        # What was looked at is what is read: the path has no link any more, and a pipe is not waited for.
        file = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise FileNotFoundError(f"no such document: {name!r}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(f"no document: {name!r}")
    with open(file, "rb") as opened:
        return opened.read().decode("utf-8", "replace")
PYTHON
