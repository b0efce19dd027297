"""Who has a session: one `ClaudeBox` of one process, by a lock that ends with it (flock(2))."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claudebox_rl.sandbox import _place

_TRIES, _WAIT_S = 10, 0.01
"""Whoever only looks holds the lock for a moment."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a session open."""

    pid: int | None
    """None where the number means nothing here: in another container, or on another host."""


class SessionLock:
    """Held by one object at a time, over threads and processes. A forked child does not hold it.

    Args:
        path: The lock's file, in the folder that it stands for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds it, in this process."""
        return self._file is not None

    def take(self) -> bool:
        """Take it; False where somebody else has it.

        Raises:
            FileNotFoundError: The folder is gone, or was while it was tried.
            OSError: The file can't be made.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if not _lock(file):
                return False
            if not os.path.samestat(os.fstat(file), self._path.stat()):
                raise FileNotFoundError(self._path)  # it was removed by the one who had it
            content = json.dumps({"pid": os.getpid(), "place": _place.here()}).encode()
            os.truncate(file, 0)
            os.pwrite(file, content, 0)
            self._file, file = file, -1
            _held.add(self)
            return True
        finally:
            if file >= 0:
                os.close(file)

    def release(self) -> None:
        """Give it back. Idempotent; does nothing in a forked child."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def holder(path: Path) -> Holder | None:
    """Return who holds a lock; None where nobody does."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(os.pread(file, 4096, 0))
        return None
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_WAIT_S)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _read(content: bytes) -> Holder:
    try:
        told: Any = json.loads(content)
        return Holder(int(told["pid"]) if told["place"] == _place.here() else None)
    except (ValueError, TypeError, KeyError):
        return Holder(None)  # it is being written


_held: weakref.WeakSet[SessionLock] = weakref.WeakSet()


def _forget_in_child() -> None:
    """Close a parent's locks: the kernel gives a lock back once all copies of its descriptor are closed."""
    for lock in tuple(_held):
        lock.release()


os.register_at_fork(after_in_child=_forget_in_child)
