"""Locks and syncs: what makes a file's name and content survive a kill and a power cut."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold an exclusive lock on `path` (created where missing), waiting for whoever has it.

    The kernel drops a `flock` when its holder dies, so no stale lock is ever left. Another open of the same file by
    the same process is another holder.
    """
    fd = os.open(path, _CREATE, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@contextmanager
def held(path: Path) -> Generator[int | None]:
    """Lock `path` (created where missing) and give its descriptor, or None where somebody else has it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        yield fd if _try_lock(fd) else None
    finally:
        os.close(fd)


def shared(path: Path) -> int:
    """Hold `path` together with others, waiting for whoever has it alone; return the descriptor that holds it."""
    fd = os.open(path, _CREATE, 0o666)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def replace_content(fd: int, data: bytes) -> None:
    """Put `data` in the place of a small file's content."""
    os.ftruncate(fd, 0)
    os.pwrite(fd, data, 0)


def create_locked(path: Path) -> int:
    """Create `path` and return its descriptor, opened for appending and locked until it is closed.

    Raises:
        FileExistsError: There is such a file.
    """
    while True:
        fd = os.open(path, _CREATE | os.O_EXCL, 0o666)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if is_named(fd, path):
            return fd
        os.close(fd)  # seen by a recovery between its creation and its lock, and removed as empty


@contextmanager
def abandoned(path: Path) -> Generator[int | None]:
    """Lock an existing file and give its descriptor, or None where a living writer holds it or it is gone."""
    fd: int | None = None
    with suppress(FileNotFoundError):
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        yield fd if fd is not None and _try_lock(fd) and is_named(fd, path) else None
    finally:
        if fd is not None:
            os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_named(fd: int, path: Path) -> bool:
    """Whether `path` still names the open file (it may have been moved or removed before the lock was had)."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(fd))


def append(fd: int, data: bytes, size: int) -> int:
    """Append all of `data` to a file of `size` bytes, or nothing; return the new size.

    Raises:
        OSError: The disk is full or failed; what was written of `data` is taken back.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except BaseException:
        os.ftruncate(fd, size)  # half a record would damage the next one
        raise
    return size + len(data)


def sync(file: BinaryIO) -> None:
    """Make what was written to a file durable."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: what was created, moved or removed there survives a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
