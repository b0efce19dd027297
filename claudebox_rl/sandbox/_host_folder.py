"""Filling a folder of the host that a sandbox shows and can't change; a link that lies in it is never followed."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NoReturn

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class HostFolder:
    """A folder of the host.

    Args:
        place: Where it is.
        owner: User number that what is made here belongs to; None: this process's.
    """

    def __init__(self, place: Path, owner: int | None = None) -> None:
        self._place, self._owner = place, owner

    def write(self, inside: PurePosixPath, data: bytes, mode: int) -> None:
        """Write a file, with its parent folders, in one rename.

        Raises:
            OSError: It can't be written: a folder is in its place, or something that is none is in a parent's.
        """
        with self._opened(inside.parent) as folder, _to_be(inside.name, folder) as partial:
            file = os.open(partial, _NEW, 0o600, dir_fd=folder)
            with os.fdopen(file, "wb") as whole:
                whole.write(data)
                whole.flush()
                os.fchmod(file, mode & 0o777)
                self._own(file)

    def copy_in(self, source: Path, inside: PurePosixPath) -> None:
        """Copy a folder's files, folders and links; what is none of these is left out.

        Raises:
            OSError: Something can't be read or written.
        """
        with self._opened(inside):
            pass
        for parent, folders, files in os.walk(source, onerror=_fail):
            target = inside / PurePosixPath(os.path.relpath(parent, source))
            for name in [*folders, *files]:
                self._copy_one(Path(parent, name), target / name)

    def _copy_one(self, source: Path, inside: PurePosixPath) -> None:
        if source.is_symlink():
            with self._opened(inside.parent) as folder, _to_be(inside.name, folder) as partial:
                os.symlink(source.readlink(), partial, dir_fd=folder)
                self._own(partial, folder)
        elif source.is_dir():
            with self._opened(inside) as folder:
                os.fchmod(folder, source.stat().st_mode & 0o755 | 0o700)
        elif source.is_file():
            self.write(inside, source.read_bytes(), source.stat().st_mode & 0o777)

    @contextmanager
    def _opened(self, inside: PurePosixPath) -> Generator[int]:
        """Yield a descriptor of a folder in here, made where it is missing, with those that it is in."""
        here = os.open(self._place, _FOLDER & ~os.O_NOFOLLOW)
        try:
            for name in inside.parts:
                below = self._enter(here, name)
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)

    def _enter(self, parent: int, name: str) -> int:
        try:
            os.mkdir(name, 0o755, dir_fd=parent)
        except FileExistsError:
            return os.open(name, _FOLDER, dir_fd=parent)
        made = os.open(name, _FOLDER, dir_fd=parent)
        os.fchmod(made, 0o755)
        self._own(made)
        return made

    def _own(self, what: int | str, parent: int | None = None) -> None:
        if self._owner is not None:
            os.chown(what, self._owner, self._owner, dir_fd=parent, follow_symlinks=isinstance(what, int))


def _fail(error: OSError) -> NoReturn:
    raise error


@contextmanager
def _to_be(name: str, folder: int) -> Generator[str]:
    """Yield a name of no file yet; what is made under it gets its own name, or goes again where that fails."""
    partial = f".claudebox-{uuid.uuid4().hex}"
    try:
        yield partial
        os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
        raise
