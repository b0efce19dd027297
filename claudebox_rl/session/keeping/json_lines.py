"""A file of JSON lines that one process appends to: whole after a crash, and readable while it is written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from claudebox_rl.errors import WorkspaceError, boundary

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK_BYTES = 1 << 16


class JsonLines:
    """Appends one object a line, each with a single write.

    Args:
        path: The file, closed to other users; made where it is missing. What a crash has left of a last line is cut
            off: see `torn`.

    Raises:
        WorkspaceError: It can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with boundary(WorkspaceError, f"can't open {path}"):
            self._file = os.open(path, _FLAGS, 0o600)
            self.torn = _cut_torn_line(self._file)
        """What was cut off; empty where the last line was whole."""

    def add(self, entry: dict[str, Any]) -> None:
        """Append one line, whole or not at all.

        Raises:
            WorkspaceError: It can't be written, or the file is closed.
        """
        line = json.dumps(entry).encode() + b"\n"
        with boundary(WorkspaceError, f"can't write {self._path}"):
            before = os.fstat(self._file).st_size
            written = os.write(self._file, line)
            if written < len(line):
                os.ftruncate(self._file, before)
                raise WorkspaceError(f"can't write {self._path}: there is no room for a line of {len(line)} bytes")

    def close(self) -> None:
        """Close the file. Idempotent."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of a file, oldest first; nothing where there is no file. A line under way is left out.

    Raises:
        WorkspaceError: It can't be read, or a whole line is no JSON object: somebody else wrote it.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):
                    yield _parsed(path, number, line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise WorkspaceError(f"can't read {path}: {error}") from error


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WorkspaceError(f"{path}:{number} is not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise WorkspaceError(f"{path}:{number} is not a JSON object")
    return cast("dict[str, Any]", entry)


def _cut_torn_line(file: int) -> str:
    """Cut off what follows the last line feed, and return it."""
    size = end = os.fstat(file).st_size
    while end > 0:
        start = max(end - _CHUNK_BYTES, 0)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    torn = os.pread(file, size - end, end)
    if torn:
        os.ftruncate(file, end)
    return torn.decode("utf-8", "replace")
