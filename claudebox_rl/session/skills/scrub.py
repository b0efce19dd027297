"""Secrets taken out of what the CLI keeps of a session on the host: its own account of the conversation.

The CLI writes there what commands print. It is cleaned when the machine has ended and, since a killed process could not
do that, before the next one starts.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.sandbox._tree import visit

_MOST_BYTES = 256 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PART = ".claudebox-scrub"


def scrub(folder: Path, secrets: Mapping[str, str]) -> int:
    """Put `***NAME***` for each secret in the files of a folder that a sandbox wrote; no link is followed.

    Args:
        folder: On the host; no machine writes to it any more. It may not be there.
        secrets: Name -> value.

    Returns:
        How many files were changed.

    Raises:
        OSError: A file can't be changed.
    """
    if not secrets or not folder.is_dir():
        return 0
    scrubber = _Scrubber(secrets)
    visit(folder, scrubber.enter)
    return scrubber.num_changed


class _Scrubber:
    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._redactor = Redactor((), secrets)
        self.num_changed = 0

    def enter(self, here: int) -> list[str]:
        folders: list[str] = []
        with os.scandir(here) as entries:
            for entry in list(entries):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    self._file(here, entry.name)
        return folders

    def _file(self, here: int, name: str) -> None:
        descriptor = os.open(name, _READ, dir_fd=here)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
                return
            data = file.read()
        clean = self._redactor.json_data(data)
        if clean == data:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_PART, dir_fd=here)
        with os.fdopen(os.open(_PART, _WRITE, stat.S_IMODE(status.st_mode), dir_fd=here), "wb") as file:
            file.write(clean)
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.rename(_PART, name, src_dir_fd=here, dst_dir_fd=here)
        self.num_changed += 1
