"""Copying of folders that hostile code has filled, by a process that sees nothing but them and where they go.

`main` runs in a jail of the host (`_local.jail`). Names are opened relative to open folders and links are never
followed. Not copied are devices, and what the sandbox's own user may not read. Copied are folders, files with their
holes, links, second names, pipes and sockets, with permissions, times and `user.` attributes.

The copy of an overlay's upper folder keeps what is overlayfs's own there: whiteouts (a character device 0/0) and opaque
folders (an attribute). In other folders the same attribute is somebody's trick and is left out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import stat
import sys

from claudebox_rl.sandbox._guest import lean_json
from claudebox_rl.sandbox._guest.lean import Any, Generator
from claudebox_rl.sandbox._guest.lifeline import end_with_host

_MAX_DEPTH = 2000
"""No path reaches deeper (PATH_MAX)."""
_SMALL_BYTES = 1 << 20
_BLOCK_BYTES = 512
_OPAQUE, _OVERLAYS_OWN = "user.overlay.opaque", "user.overlay."
_READ_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PR_SET_KEEPCAPS = 8
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522

Deeper = tuple[int, int, str, os.stat_result]
"""A folder to go on with: itself and its copy as descriptors, its path below the top, its facts."""


class Copy:
    """One folder on its way to another.

    Args:
        source: Folder to copy.
        target: Where; it must not exist.
        owners: Whose files are copied whatever their permissions; None: the kernel decides what can be read.
        is_upper: `source` is the upper folder of an overlay.
        linked: Where files with more than one name go instead, with their folders; None: they stay with the others. In
            a lower folder of an overlay the names of one file would part at the first write.
    """

    def __init__(self, source: str, target: str, owners: list[int] | None, is_upper: bool, linked: str | None) -> None:
        self._source, self._target = source, target
        self._owners, self._is_upper, self._linked = owners, is_upper, linked
        self._seen: dict[tuple[int, int], str] = {}
        """Where files with more names were copied first."""
        self._moved: set[str] = set()
        """Of these, what lies in `linked`."""

    def run(self) -> None:
        """Copy everything.

        Raises:
            OSError: Something can't be read or made.
        """
        # The stack is ours, since folders are nested deeper than Python calls.
        stack = [self._folder(*self._enter(None, self._source, None, self._target), "", os.stat(self._source))]
        while stack:
            deeper = next(stack[-1], None)
            if deeper is None:
                stack.pop()
            elif len(stack) > _MAX_DEPTH:
                raise OSError(errno.ELOOP, f"folders are nested deeper than {_MAX_DEPTH}")
            else:
                stack.append(self._folder(*deeper))
        self._finish_linked()

    def _enter(self, source: int | None, name: str, target: int | None, copy: str) -> tuple[int, int]:
        opened = os.open(name, _READ_FOLDER, dir_fd=source)
        os.mkdir(copy, 0o700, dir_fd=target)
        return opened, os.open(copy, _READ_FOLDER, dir_fd=target)

    def _folder(self, source: int, target: int, path: str, status: os.stat_result) -> Generator[Deeper]:
        for name in os.listdir(source):
            child = os.stat(name, dir_fd=source, follow_symlinks=False)
            place = f"{path}/{name}" if path else name
            if stat.S_ISDIR(child.st_mode):
                if self._may_read(child, 5):
                    try:
                        inner = self._enter(source, name, target, name)
                    except PermissionError:
                        continue
                    yield (*inner, place, child)
            else:
                self._leaf(name, source, target, place, child)
        self._copy_attributes(source, target, stat.S_IFDIR)
        _finish(target, status)
        os.close(source)
        os.close(target)

    def _leaf(self, name: str, source: int, target: int, place: str, status: os.stat_result) -> None:
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            if status.st_nlink == 1 or not self._second_name(name, target, place, status):
                self._file(name, source, target, status)
        elif kind == stat.S_IFLNK:
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            os.utime(name, ns=_times(status), dir_fd=target, follow_symlinks=False)
        elif kind in (stat.S_IFIFO, stat.S_IFSOCK):
            os.mknod(name, kind, 0, dir_fd=target)
            os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
            os.utime(name, ns=_times(status), dir_fd=target)
        elif self._is_whiteout(status):
            os.mknod(name, stat.S_IFCHR, 0, dir_fd=target)

    def _is_whiteout(self, status: os.stat_result) -> bool:
        return self._is_upper and stat.S_ISCHR(status.st_mode) and status.st_rdev == 0

    def _may_read(self, status: os.stat_result, bits: int) -> bool:
        """Say whether the sandbox's user could: as owner in any case, for it may change the permissions."""
        if self._owners is None or status.st_uid in self._owners:
            return True
        shift = 3 if status.st_gid in self._owners else 0
        return status.st_mode >> shift & bits == bits

    # Files

    def _file(self, name: str, source: int, target: int, status: os.stat_result) -> None:
        if not self._may_read(status, 4):
            return
        try:
            opened = os.open(name, _READ_FILE, dir_fd=source)
        except PermissionError:
            return
        made = os.open(name, _MAKE_FILE, 0o600, dir_fd=target)
        _copy_data(opened, made, status)
        self._copy_attributes(opened, made, stat.S_IFREG)
        _finish(made, status)
        os.close(opened)
        os.close(made)

    def _copy_attributes(self, source: int, target: int, kind: int) -> None:
        for name in _attributes(source):
            if name.startswith(_OVERLAYS_OWN):
                if not (self._is_upper and name == _OPAQUE and kind == stat.S_IFDIR):
                    continue
            elif not name.startswith("user."):
                continue
            os.setxattr(target, name, os.getxattr(source, name))

    # Files with more than one name

    def _second_name(self, name: str, target: int, place: str, status: os.stat_result) -> bool:
        """Link a file that was copied under another name; False where this is the first."""
        first = self._seen.setdefault((status.st_dev, status.st_ino), place)
        if first == place:
            return False
        if self._linked is None:
            os.link(f"{self._target}/{first}", name, dst_dir_fd=target, follow_symlinks=False)
            return True
        if first not in self._moved:
            if not os.path.lexists(f"{self._target}/{first}"):
                return True
            self._make_linked_folders(first)
            os.rename(f"{self._target}/{first}", f"{self._linked}/{first}")
            self._moved.add(first)
        self._make_linked_folders(place)
        os.link(f"{self._linked}/{first}", f"{self._linked}/{place}", follow_symlinks=False)
        return True

    def _make_linked_folders(self, place: str) -> None:
        assert self._linked is not None
        os.makedirs(os.path.dirname(f"{self._linked}/{place}"), exist_ok=True)

    def _finish_linked(self) -> None:
        """Give the folders of `linked` what those of the source have: an overlay shows the upper one's."""
        if not self._moved or self._linked is None:
            return
        for folder, _, _ in os.walk(self._linked, topdown=False):
            inner = os.path.relpath(folder, self._linked)
            made = os.open(folder, _READ_FOLDER)
            _finish(made, os.stat(os.path.join(self._source, inner)))
            os.close(made)


def _copy_data(source: int, target: int, status: os.stat_result) -> None:
    if status.st_size <= _SMALL_BYTES or status.st_blocks * _BLOCK_BYTES >= status.st_size:
        _copy_range(source, target, status.st_size)
        return
    # Holes stay holes: a file may be far larger than all that its sandbox can hold.
    os.ftruncate(target, status.st_size)
    end = 0
    while True:
        try:
            start = os.lseek(source, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(source, start, os.SEEK_HOLE)
        os.lseek(source, start, os.SEEK_SET)
        os.lseek(target, start, os.SEEK_SET)
        _copy_range(source, target, end - start)


def _copy_range(source: int, target: int, num_bytes: int) -> None:
    while num_bytes > 0:
        data = os.read(source, min(num_bytes, _SMALL_BYTES))
        if not data:
            return
        num_bytes -= len(data)
        left = memoryview(data)
        while left:
            left = left[os.write(target, left) :]


def _attributes(opened: int) -> list[str]:
    try:
        return os.listxattr(opened)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise


def _finish(made: int, status: os.stat_result) -> None:
    os.fchmod(made, stat.S_IMODE(status.st_mode))
    os.utime(made, ns=_times(status))


def _times(status: os.stat_result) -> tuple[int, int]:
    return status.st_atime_ns, status.st_mtime_ns


def _become(uid: int) -> None:
    """Become a user who may read everything that there is to see here, and nothing else."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    kept = 1 << _CAP_DAC_READ_SEARCH
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def main() -> None:
    """Do the copies that the first argument asks for, as JSON: `uid` to become or null, and `copies`."""
    end_with_host()
    job: dict[str, Any] = lean_json.loads(sys.argv[1].encode())
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.umask(0o077)
    try:
        if job["uid"] is not None:
            _become(job["uid"])
        for each in job["copies"]:
            Copy(**each).run()
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename!r}" if error.filename else error.strerror)
