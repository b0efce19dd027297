"""Users of the host for sandboxes started by root: one unprivileged number for each live sandbox.

Sandbox code is never user 0 of the host, not even without capabilities: user 0 can write sysctls through /proc and is
exempt from RLIMIT_NPROC. One number each, because the kernel counts processes by user.
"""

from __future__ import annotations

import functools
import os
import random
import socket
import stat
from pathlib import Path

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox._tree import visit

_NUM_UIDS = 4096
_PREFERRED_FIRST = 1_900_000_000
"""In a range that no distribution and no container manager hands out (systemd's UIDS-GIDS list)."""
_LOWEST = 1000
_RESERVED_AT_END = 64
"""Keeps away from nobody (65534) where a container maps 65536 users."""


class LeasedUid:
    """A user number that no other live sandbox of this network namespace has, until `release` or the process's end.

    The lease is an abstract Unix socket: one process at a time can bind it, and the kernel unbinds it with the process.
    """

    def __init__(self, uid: int, lock: socket.socket) -> None:
        self.uid = uid
        self._lock = lock

    def release(self) -> None:
        """Let others have it. Idempotent."""
        self._lock.close()


def lease_uid() -> LeasedUid:
    """Take a free user number.

    Raises:
        SandboxStartError: None is free, or this process's user namespace has no users to spare.
    """
    first, start = first_uid(), random.randrange(_NUM_UIDS)
    for slot in range(start, start + _NUM_UIDS):
        uid = first + slot % _NUM_UIDS
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0claudebox_rl-uid-{uid}")
        except OSError:
            lock.close()
            continue
        return LeasedUid(uid, lock)
    raise SandboxStartError(f"all {_NUM_UIDS} user numbers for sandboxes are taken; stop some sandboxes", cause="busy")


def layer_uid() -> int:
    """Return the user number that owns what sandboxes share on disk; no sandbox gets it."""
    return first_uid() + _NUM_UIDS


@functools.cache
def first_uid() -> int:
    """Return the lowest user number that sandboxes get, which exists as a group too.

    Raises:
        SandboxStartError: Too few users are mapped into this user namespace.
    """
    first = min(_first_free(Path("/proc/self/uid_map")), _first_free(Path("/proc/self/gid_map")))
    if first < _LOWEST:
        raise SandboxStartError(
            "this process is root in a user namespace that has no users to spare for sandboxes; "
            "run it as an ordinary user, or map at least 65536 users into the container"
        )
    return first


def _first_free(table: Path) -> int:
    extents = [(int(line.split()[0]), int(line.split()[2])) for line in table.read_text().splitlines()]
    end = max(start + count if count > _NUM_UIDS else 0 for start, count in extents)
    return min(_PREFERRED_FIRST, end - _NUM_UIDS - _RESERVED_AT_END)


def owner_to_restore(folder: Path) -> tuple[int, int]:
    """Return whom a folder is to be given back to: its owner, or root where a killed process left it to a sandbox."""
    status = folder.stat()
    return (0, 0) if _is_ours(status.st_uid) else (status.st_uid, status.st_gid)


def give(folder: Path, uid: int, gid: int) -> None:
    """Make a user the owner of a folder and of all that is in it; links are changed, not followed.

    Files with a second name that no sandbox made are left out: it may stand anywhere on the host (`git clone` of a
    folder makes such).

    Raises:
        OSError: An entry can't be changed.
    """
    visit(folder, lambda here: _give_content(here, uid, gid))
    os.chown(folder, uid, gid)


def _give_content(here: int, uid: int, gid: int) -> list[str]:
    """Give what is in one folder; return the folders to go into."""
    with os.scandir(here) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, _ in found:
        _give_one(name, here, uid, gid)
    return [name for name, is_folder in found if is_folder]


def _give_one(name: str, parent: int, uid: int, gid: int) -> None:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and not _is_ours(status.st_uid):
        return
    if (status.st_uid, status.st_gid) != (uid, gid):
        os.chown(name, uid, gid, dir_fd=parent, follow_symlinks=False)


def _is_ours(uid: int) -> bool:
    return first_uid() <= uid < first_uid() + _NUM_UIDS
