"""Mounts that only one sandbox's start sees: made in a mount namespace of the thread that starts it (mount_setattr(2)).

They end with the sandbox, also after a `kill -9`: nothing of the host's own mounts is touched.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_CLONE_NEWNS = 0x20000
_MS_NOSUID, _MS_NODEV, _MS_PRIVATE, _MS_REC = 1 << 1, 1 << 2, 1 << 18, 1 << 14
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
"""Numbers of system calls, the same on every architecture."""
_OPEN_TREE_CLONE, _AT_RECURSIVE = 1, 0x8000
_MOVE_MOUNT_F_EMPTY_PATH, _AT_EMPTY_PATH, _AT_FDCWD = 4, 0x1000, -100
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_IDMAP = 0x1, 0x00100000


class _Attributes(ctypes.Structure):
    """struct mount_attr of mount_setattr(2)."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def in_own_mounts(work: Callable[[], T]) -> T:
    """Do some work in a thread whose mounts nobody else sees; a process started there sees the same.

    Raises:
        OSError: This process may not make a mount namespace.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            _check(_libc.unshare(_CLONE_NEWNS), "unshare")
            _check(_libc.mount(b"none", b"/", None, _MS_PRIVATE | _MS_REC, None), "mount")
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    # A thread of its own: what it has unshared can't be undone.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    return outcome.result()


def take(place: Path) -> int:
    """Return a descriptor of a mount of its own that shows a folder or a file.

    Raises:
        OSError: It can't be mounted.
    """
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    return _check(_libc.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(place), flags), "open_tree")


def put(tree: int, place: Path) -> None:
    """Mount what was taken on a folder or a file, and close the descriptor."""
    try:
        done = _libc.syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(place), _MOVE_MOUNT_F_EMPTY_PATH)
        _check(done, "move_mount")
    finally:
        os.close(tree)


def map_owners(folder: Path, owner: int) -> None:
    """Show a folder read-only and with mapped owners, at its own place.

    Args:
        folder: What to map.
        owner: Descriptor of the user namespace that says how.

    Raises:
        OSError: The kernel (before Linux 5.19) or the file system can't map owners.
    """
    tree = take(folder)
    wanted = _Attributes(attr_set=_MOUNT_ATTR_IDMAP | _MOUNT_ATTR_RDONLY, userns_fd=owner)
    try:
        size = ctypes.sizeof(wanted)
        done = _libc.syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, ctypes.byref(wanted), size)
        _check(done, "mount_setattr")
    except OSError:
        os.close(tree)
        raise
    put(tree, folder)


def mount_memory(place: Path) -> None:
    """Mount a small empty file system over a folder, for places to mount on."""
    flags = _MS_NOSUID | _MS_NODEV
    _check(_libc.mount(b"tmpfs", os.fsencode(place), b"tmpfs", flags, b"mode=0755,size=1m"), "mount")


def _check(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


_libc = ctypes.CDLL(None, use_errno=True)
