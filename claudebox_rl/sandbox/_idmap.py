"""Folders of one user that a sandbox sees as its own user's: mounts with mapped owners (mount_setattr(2), Linux 5.19).

Forks in root mode share the copy of their parent's files on disk, which can have one owner only, while each sandbox has
a user number of its own. Such mounts are made in a mount namespace of the one thread that starts the sandbox: nobody
else sees them, and they end with the sandbox, also after a `kill -9`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_CLONE_NEWNS, _MS_PRIVATE, _MS_REC = 0x20000, 1 << 18, 1 << 14
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
"""Numbers of system calls, the same on every architecture."""
_OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH, _AT_EMPTY_PATH, _AT_FDCWD = 1, 4, 0x1000, -100
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_IDMAP = 0x1, 0x00100000
_INFO_BYTES = 4096


class _Attributes(ctypes.Structure):
    """struct mount_attr of mount_setattr(2)."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def owner_namespace(bwrap: str, stored: int, shown: int) -> int:
    """Return a descriptor of a user namespace that maps one user and group to another. Blocks for some milliseconds.

    Args:
        bwrap: Path of bubblewrap, which holds the namespace until we have it.
        stored: Owner on disk.
        shown: Owner to be seen.

    Raises:
        OSError: This host has no user namespaces.
    """
    info, far_info = os.pipe()
    far_block, block = os.pipe()
    options = ["--unshare-user", "--info-fd", str(far_info), "--userns-block-fd", str(far_block), "--bind", "/", "/"]
    holder = subprocess.Popen(
        [bwrap, *options, "true"],
        pass_fds=(far_info, far_block),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    pid = None
    try:
        os.close(far_info)
        os.close(far_block)
        said = b""
        while not said.rstrip().endswith(b"}"):  # bwrap writes it in pieces
            part = os.read(info, _INFO_BYTES)
            if not part:
                raise OSError("bwrap can't make a user namespace")
            said += part
        pid = json.loads(said)["child-pid"]
        for table in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{table}").write_text(f"{stored} {shown} 1\n")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        # The end of what it holds is bwrap's own; bwrap killed first would leave that waiting for ever.
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        os.close(info)
        os.close(block)
        holder.wait()


def among_mapped(folders: tuple[Path, ...], owner: int, work: Callable[[], T]) -> T:
    """Do some work in a thread that sees folders read-only and with mapped owners, at their own places.

    Args:
        folders: What to map; each a whole folder.
        owner: See `owner_namespace`.
        work: Done in that thread; a process started there sees the same.

    Raises:
        OSError: The kernel or the file system can't map owners.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            _unshare_mounts()
            for folder in folders:
                _map(folder, owner)
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    # A thread of its own: what it has unshared can't be undone.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    return outcome.result()


def _unshare_mounts() -> None:
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    _check(_libc.mount(b"none", b"/", None, _MS_PRIVATE | _MS_REC, None), "mount")


def _map(folder: Path, owner: int) -> None:
    place = os.fsencode(folder)
    tree = _check(_libc.syscall(_OPEN_TREE, _AT_FDCWD, place, _OPEN_TREE_CLONE | os.O_CLOEXEC), "open_tree")
    try:
        wanted = _Attributes(attr_set=_MOUNT_ATTR_IDMAP | _MOUNT_ATTR_RDONLY, userns_fd=owner)
        size = ctypes.sizeof(wanted)
        _check(_libc.syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, ctypes.byref(wanted), size), "mount_setattr")
        _check(_libc.syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, place, _MOVE_MOUNT_F_EMPTY_PATH), "move_mount")
    finally:
        os.close(tree)


def _check(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


_libc = ctypes.CDLL(None, use_errno=True)
