"""A file system in a dict."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from claudebox_rl.errors import OutputLimitError, SandboxError
from claudebox_rl.sandbox.spec import Mount


@dataclass(frozen=True, slots=True)
class FakeFile:
    """A regular file in memory."""

    data: bytes
    mode: int = 0o644


class FakeFiles:
    """Regular files and folders by absolute path; no links, no devices. Mounts are read from the host when asked for.

    Args:
        folders: There from the beginning.
        mounts: Seen read-only.
    """

    def __init__(self, folders: Iterable[str], mounts: Iterable[Mount]) -> None:
        self.files: dict[str, FakeFile] = {}
        self.folders: set[str] = {"/"}
        self._mounts = tuple(mounts)
        for folder in folders:
            self.make_folder(folder)

    def read(self, path: str, max_bytes: int) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: There is none.
            SandboxError: It is a folder.
            OutputLimitError: It is larger than `max_bytes`.
        """
        path = normal(path)
        host = self._on_host(path)
        if path in self.folders or (host and host.is_dir()):
            raise SandboxError(f"can't read {path} in the sandbox: it is a folder", path=path)
        if path not in self.files and not (host and host.is_file()):
            raise FileNotFoundError(path)
        data = host.read_bytes() if host else self.files[path].data
        if len(data) > max_bytes:
            raise OutputLimitError(f"{path} is larger than {max_bytes} bytes", path=path, max_bytes=max_bytes)
        return data

    def write(self, path: str, data: bytes, mode: int) -> None:
        """Put a file, with its parent folders.

        Raises:
            SandboxError: A folder or a mount is there, or a parent is a file.
        """
        path = normal(path)
        if path in self.folders:
            raise SandboxError(f"can't write {path} in the sandbox: it is a folder", path=path)
        self.make_folder(posixpath.dirname(path))
        self.files[path] = FakeFile(bytes(data), mode)

    def make_folder(self, path: str) -> None:
        """Make a folder and its parents; one that is there stays.

        Raises:
            SandboxError: It would be in a mount, or a file is in its place.
        """
        path = normal(path)
        if self._on_host(path):
            raise SandboxError(f"can't write to {path} in the sandbox: it is mounted read-only", path=path)
        for folder in (path, *map(str, PurePosixPath(path).parents)):
            if folder in self.files:
                raise SandboxError(f"can't make {path} in the sandbox: {folder} is a file", path=path)
            self.folders.add(folder)

    def copy_in(self, source: Path, target: str) -> None:
        """Copy a host folder's content.

        Raises:
            SandboxError: It holds what is neither a file nor a folder.
        """
        self.make_folder(target)
        for path in sorted(source.rglob("*")):
            place = posixpath.join(target, path.relative_to(source).as_posix())
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise SandboxError(f"can't copy {path} to the fake sandbox: it holds only files and folders")
            if path.is_dir():
                self.make_folder(place)
            else:
                self.write(place, path.read_bytes(), path.stat().st_mode & 0o777)

    def copy_out(self, source: str, target: Path, max_bytes: int) -> None:
        """Write a folder's content to the host.

        Raises:
            SandboxError: There is no such folder, or something stands in its way on the host.
            OutputLimitError: It holds more than `max_bytes`.
        """
        source = normal(source)
        if source not in self.folders:
            raise SandboxError(f"can't copy {source} out of the sandbox: no such folder", path=source)
        files = {name: self.files[name] for name in _below(source, self.files)}
        if sum(len(file.data) for file in files.values()) > max_bytes:
            raise OutputLimitError(f"{source} holds more than {max_bytes} bytes", path=source, max_bytes=max_bytes)
        for name in (source, *_below(source, self.folders)):
            (target / posixpath.relpath(name, source)).mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            place = target / posixpath.relpath(name, source)
            if place.exists():
                raise SandboxError(f"can't copy {name} out of the sandbox: {place} exists", path=name)
            place.write_bytes(file.data)
            place.chmod(file.mode | 0o600)

    def _on_host(self, path: str) -> Path | None:
        for mount in self._mounts:
            if PurePosixPath(path).is_relative_to(mount.target):
                return mount.source / PurePosixPath(path).relative_to(mount.target)
        return None


def normal(path: str) -> str:
    """Return an absolute path without `.`, `..` and doubled slashes."""
    return posixpath.normpath("/" + path.lstrip("/"))


def _below(folder: str, names: Iterable[str]) -> Iterator[str]:
    prefix = folder.rstrip("/") + "/"
    return (name for name in sorted(names) if name.startswith(prefix) and name != folder)
