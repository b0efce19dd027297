"""What a prompt did to the workspace: its text files before and after, read in one command each.

Read is a tar that the machine makes and the host takes apart in memory: no name in it is opened or followed here.
Links, devices and sockets are left out, and so are folders that hold what tools made (`SKIPPED_FOLDERS`) and files
above `FILE_CAP_BYTES`.
"""

from __future__ import annotations

import asyncio
import io
import logging
import tarfile

from claudebox_rl.errors import OutputLimitError, SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.types import Changes, FileChange

log = logging.getLogger(__name__)

FILE_CAP_BYTES = 256 << 10
TREE_CAP_BYTES = 32 << 20
MAX_FILES = 20_000
SKIPPED_FOLDERS = (
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", "dist", "build", "target", ".claude",
)  # fmt: skip
_TIMEOUT_S = 60.0

# `find` walks no links; what disappears between find and tar is no failure (exit code 1 of tar says so).
_SCAN = """
skip=$1; shift
find . -xdev -type d "(" "$@" ")" -prune -o -type f -size "-${skip}c" -print0 |
  tar --null --no-recursion --verbatim-files-from -T - -cf - 2>/dev/null
[ $? -le 1 ]
"""

Tree = dict[str, bytes]


async def read_tree(sandbox: Sandbox, workdir: str) -> Tree | None:
    """Return the small files below the working directory, by path; None where they can't be seen whole.

    Raises:
        SandboxUnavailableError: The machine is gone.
    """
    names = [word for folder in SKIPPED_FOLDERS for word in ("-o", "-name", folder)][1:]
    argv = ["sh", "-c", _SCAN, "sh", str(FILE_CAP_BYTES + 1), *names]
    scan = await sandbox.exec(argv, cwd=workdir, timeout_s=_TIMEOUT_S, output_cap_bytes=TREE_CAP_BYTES)
    if scan.exit_code != 0 or scan.timed_out or scan.truncated:
        why = "took too long" if scan.timed_out else f"hold over {TREE_CAP_BYTES} bytes" if scan.truncated else "failed"
        log.warning("the changes of this prompt are not known: the files of %s %s", workdir, why)
        return None
    try:
        return await asyncio.to_thread(_unpack, scan.stdout)
    except (tarfile.TarError, SandboxError, ValueError, OSError) as error:
        log.warning("the changes of this prompt are not known: %s", error)
        return None


def compare(before: Tree | None, after: Tree | None) -> Changes | None:
    """Return what is different, by path; None where one side is not known."""
    if before is None or after is None:
        return None
    files: list[FileChange] = []
    skipped: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        try:
            files.append(FileChange(path, _text(old), _text(new)))
        except UnicodeDecodeError:
            skipped.append(path)
    return Changes(tuple(files), tuple(skipped))


def _text(content: bytes | None) -> str | None:
    if content is not None and b"\0" in content:
        raise UnicodeDecodeError("utf-8", b"\0", 0, 1, "a NUL is no text")
    return None if content is None else content.decode("utf-8")


def _unpack(archive: bytes) -> Tree:
    tree: Tree = {}
    # A stream is only read forward, so a member of negative size (CVE-2025-8194) can't lead back.
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|") as members:
        for member in members:
            if not member.isreg() or member.issparse() or not 0 <= member.size <= FILE_CAP_BYTES:
                continue
            if len(tree) >= MAX_FILES:
                raise OutputLimitError(f"there are more than {MAX_FILES} files", max_files=MAX_FILES)
            content = members.extractfile(member)
            name = member.name.removeprefix("./").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            tree[name] = content.read() if content is not None else b""
    return tree
