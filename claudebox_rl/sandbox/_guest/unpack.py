"""Unpacking the layers of an OCI image, by a process that sees nothing but them and where they go.

`main` runs in a jail of the host (`_local.jail`) and makes the target its root folder before it takes anything from an
archive: links of the image are followed within the image, as its own programs would. Owners, devices, capabilities of
files and set-user bits are left out; a sandbox has no use for them.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from typing import IO, Any, cast

from claudebox_rl.sandbox._guest.lifeline import end_with_host

_TARGET = "/image"
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_MOST_BYTES = 64 << 30
_MODE_BITS = 0o1777
_CHUNK_BYTES = 1 << 20


class UnpackError(Exception):
    """The archive is none that an image may have."""


class Unpack:
    """Layers on their way into the root folder of this process."""

    def __init__(self) -> None:
        self._made: set[str] = set()
        """Paths of the current layer."""
        self._folders: dict[str, tarfile.TarInfo] = {}
        """Folders whose permissions and times are set at the end: what comes later goes into them."""
        self._num_bytes = 0

    def add(self, layer: IO[bytes]) -> None:
        """Put a layer over those before it."""
        self._made = set()
        with tarfile.open(fileobj=cast("IO[bytes]", _WholeBlocks(layer)), mode="r|") as archive:
            for member in archive:
                self._take(archive, member)

    def finish(self) -> None:
        """Give folders what the archives say of them."""
        for path, member in self._folders.items():
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, stat.S_IMODE(member.mode) & _MODE_BITS)
                os.utime(path, (member.mtime, member.mtime))

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise UnpackError(f"a name that leads upwards: {member.name!r}")
        if not parts:
            self._folders["/"] = member
            return
        # Where links lead: what one points to may not be there yet.
        folder, name = os.path.realpath("/" + "/".join(parts[:-1])), parts[-1]
        if name == _OPAQUE:
            self._empty(folder)
        elif name.startswith(_WHITEOUT):
            _remove(os.path.join(folder, name[len(_WHITEOUT) :]))
        else:
            os.makedirs(folder, exist_ok=True)
            self._make(archive, member, os.path.join(folder, name))

    def _empty(self, folder: str) -> None:
        """Remove what earlier layers put into a folder."""
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if path not in self._made:
                    _remove(path)

    def _make(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        above = path
        while above not in self._made:
            self._made.add(above)
            above = os.path.dirname(above)
        if member.isdir():
            if os.path.islink(path) or not os.path.isdir(path):
                _remove(path)
                os.mkdir(path)
            self._folders[path] = member
            return
        _remove(path)
        self._folders.pop(path, None)
        if member.isreg():
            self._file(archive, member, path)
        elif member.issym():
            os.symlink(member.linkname, path)
        elif member.islnk():
            os.link(os.path.join("/", member.linkname), path, follow_symlinks=False)
        elif member.isfifo():
            os.mkfifo(path, stat.S_IMODE(member.mode) & _MODE_BITS)

    def _file(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        self._num_bytes += member.size
        if self._num_bytes > _MOST_BYTES:
            raise UnpackError(f"more than {_MOST_BYTES} bytes")
        content = archive.extractfile(member)
        assert content is not None
        with open(path, "xb") as file:
            shutil.copyfileobj(content, file, _CHUNK_BYTES)
        os.chmod(path, stat.S_IMODE(member.mode) & _MODE_BITS)
        os.utime(path, (member.mtime, member.mtime))


class _WholeBlocks:
    """A layer whose last block is filled up, which `umoci insert` leaves out; tarfile would miss it."""

    def __init__(self, layer: IO[bytes]) -> None:
        self._layer, self._num_bytes = layer, 0

    def read(self, size: int) -> bytes:
        data = self._layer.read(size)
        if len(data) < size:
            data += bytes(-(self._num_bytes + len(data)) % tarfile.BLOCKSIZE)
        self._num_bytes += len(data)
        return data


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
        return
    try:
        os.unlink(path)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise


def _open(path: str, compression: str) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path))
    if compression == "none":
        return open(path, "rb")
    try:
        process = subprocess.Popen(["/usr/bin/zstd", "-dcq", path], stdout=subprocess.PIPE)
    except FileNotFoundError:
        advice = "install zstd, or write the image with `skopeo copy --dest-compress-format gzip`"
        raise UnpackError(f"a layer is compressed with zstd: {advice}") from None
    assert process.stdout is not None
    return process.stdout


def main() -> None:
    """Do the job that the first argument describes, as JSON: `layers`, each a path and its compression."""
    end_with_host()
    job: dict[str, Any] = json.loads(sys.argv[1])
    os.umask(0o022)
    try:
        layers = [_open(path, compression) for path, compression in job["layers"]]
        os.chroot(_TARGET)
        os.chdir("/")
        unpack = Unpack()
        for layer in layers:
            unpack.add(layer)
        unpack.finish()
    except (UnpackError, tarfile.TarError, EOFError, ValueError, OSError) as error:
        sys.exit(f"{error}")
