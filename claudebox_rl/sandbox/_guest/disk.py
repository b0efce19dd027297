"""How much the files below some folders hold."""

from __future__ import annotations

import itertools
import os
import time

from claudebox_rl.sandbox._guest.lean import Generator, Iterable

_BLOCK_BYTES = 512
"""Unit of `st_blocks` in stat(2)."""
_LOOKS = 32
"""Entries between two looks at the clock."""


class Walk:
    """One pass over some folders, in pieces as short as the caller likes.

    Bytes are those that files take on disk, a file of several names once. Links stay unfollowed. What vanishes, is
    closed to us or lies too deep counts nothing.
    """

    def __init__(self, folders: Iterable[str | os.PathLike[str]]) -> None:
        self.num_bytes = 0
        """Found until now."""
        self._seen: set[tuple[int, int]] = set()
        self._waiting = [os.fspath(folder) for folder in folders]
        self._steps = self._walk()

    def go_on(self, until: float = float("inf")) -> bool:
        """Go on to a point of the monotonic clock; True once nothing is left to see."""
        while not (over := self._see(_LOOKS)) and time.monotonic() < until:
            pass
        return over

    def _see(self, num_entries: int) -> bool:
        return sum(1 for _ in itertools.islice(self._steps, num_entries)) < num_entries

    def _walk(self) -> Generator[None]:
        while self._waiting:
            yield
            try:
                with os.scandir(self._waiting.pop()) as entries:
                    for entry in entries:
                        self._count(entry)
                        yield
            except OSError:
                continue

    def _count(self, entry: os.DirEntry[str]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
            is_folder = entry.is_dir(follow_symlinks=False)
        except OSError:
            return
        if status.st_nlink > 1 and not is_folder:
            identity = status.st_dev, status.st_ino
            if identity in self._seen:
                return
            self._seen.add(identity)
        self.num_bytes += status.st_blocks * _BLOCK_BYTES
        if is_folder:
            self._waiting.append(entry.path)


def folder_bytes(folders: Iterable[str | os.PathLike[str]]) -> int:
    """Return the bytes that files below the folders take on disk; see `Walk`."""
    walk = Walk(folders)
    walk.go_on()
    return walk.num_bytes
