"""How much the files below some folders hold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_BLOCK_BYTES = 512
"""Unit of `st_blocks` in stat(2)."""


def folder_bytes(folders: Iterable[Path | str]) -> int:
    """Return the bytes that files below the folders take on disk, a file of several names once; links stay unfollowed.

    What vanishes or is closed to us meanwhile counts nothing.
    """
    seen: set[tuple[int, int]] = set()
    total = 0
    waiting = [os.fspath(folder) for folder in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if (status.st_dev, status.st_ino) in seen:
                            continue
                        seen.add((status.st_dev, status.st_ino))
                    total += status.st_blocks * _BLOCK_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except (FileNotFoundError, PermissionError, NotADirectoryError):
            continue
    return total
