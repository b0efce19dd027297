"""Walks over folder trees that a sandbox made: of any depth, links never followed.

Those of the standard library call themselves for each level until Python 3.12 (`os.fwalk`) and 3.13 (`shutil.rmtree`),
so a thousand folders in each other end them by RecursionError.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def visit(folder: Path, enter: Callable[[int], list[str]], leave: Callable[[int, str], None] | None = None) -> None:
    """Go through a tree with one descriptor at a time. Nobody else may move folders of it meanwhile.

    Args:
        folder: Where to begin.
        enter: Called with a descriptor of each folder; returns the names of the folders in it to go into.
        leave: Called after each folder but the first, with a descriptor of the folder that it is in, and its name.

    Raises:
        OSError: A folder can't be opened, or from `enter` and `leave`.
    """
    here = os.open(folder, _FOLDER)
    try:
        waiting, names = [enter(here)], list[str]()
        while waiting:
            if waiting[-1]:
                names.append(waiting[-1].pop())
                here = _go(here, names[-1])
                waiting.append(enter(here))
                continue
            waiting.pop()
            if names:
                here = _go(here, "..")
                name = names.pop()
                if leave is not None:
                    leave(here, name)
    finally:
        os.close(here)


def _go(here: int, name: str) -> int:
    there = os.open(name, _FOLDER, dir_fd=here)
    os.close(here)
    return there


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, locked folders too. No error where it is gone.

    Raises:
        OSError: Something can't be removed.
    """
    with contextlib.suppress(FileNotFoundError):
        _unlock(None, folder)
        visit(folder, _empty, lambda parent, name: os.rmdir(name, dir_fd=parent))
        folder.rmdir()


def _empty(here: int) -> list[str]:
    """Remove what is no folder, and return the others, ready to be gone into."""
    folders: list[str] = []
    with os.scandir(here) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _unlock(here, entry.name)
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=here)
    return folders


def _unlock(parent: int | None, name: str | Path) -> None:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(name, 0o700, dir_fd=parent)
