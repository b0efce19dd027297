"""A dataset in a folder of this host: files get their names by a rename, after they were synced."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import TABLES, Fill, fills_of

if TYPE_CHECKING:
    from claudebox_rl.trajectory._arrow import Table


class FolderStorage:
    """A folder of this host, or one that it mounts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def has(self, name: str) -> bool:
        """See `Storage.has`."""
        return (self._folder / name).is_file()

    def names(self, folder: str) -> dict[str, float]:
        """See `Storage.names`."""
        return {name: stat.st_mtime for name, stat in self._stats(folder)}

    def sizes(self, folder: str) -> dict[str, int]:
        """See `Storage.sizes`."""
        return {name: stat.st_size for name, stat in self._stats(folder)}

    def open(self, name: str) -> Any:
        """See `Storage.open`."""
        return self._folder / name

    def put(self, part: str, tables: Mapping[str, Table]) -> None:
        """See `Storage.put`."""
        self.put_files(part, fills_of(tables))

    def put_files(self, part: str, fills: Mapping[str, Fill]) -> None:
        """See `Storage.put_files`."""
        temporary = {name: self._folder / name / f".{part}.inprogress" for name in TABLES if name in fills}
        try:
            for name, path in temporary.items():
                path.parent.mkdir(exist_ok=True)
                with path.open("w+b") as file:
                    fills[name](file)
                    _disk.sync(file)
            _disk.sync_folder(self._folder)
            for path in temporary.values():
                path.replace(path.with_name(part))
                _disk.sync_folder(path.parent)
        finally:
            for path in temporary.values():
                path.unlink(missing_ok=True)  # gives a full disk its room back

    def delete(self, name: str) -> None:
        """See `Storage.delete`."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _disk.sync_folder(path.parent)

    def check_removal(self) -> None:
        """See `Storage.check_removal`."""

    def move(self, name: str, new: str) -> None:
        """See `Storage.move`."""
        path = self._folder / name
        path.replace(path.with_name(new))
        _disk.sync_folder(path.parent)

    def read(self, name: str) -> bytes | None:
        """See `Storage.read`."""
        return (self._folder / name).read_bytes() if self.has(name) else None

    def write(self, name: str, data: bytes) -> None:
        """See `Storage.write`."""
        self._write(self._folder / name, data)

    def write_new(self, name: str, data: Callable[[], bytes]) -> None:
        """See `Storage.write_new`."""
        path = self._folder / name
        if not path.is_file():
            self._write(path, data())

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.inprogress")
        fd = _disk.create_locked(temporary)  # until it has its name: by this `repair` tells that its writer lives
        try:
            _disk.append(fd, data, 0)
            os.fsync(fd)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)  # gives a full disk its room back
            os.close(fd)
        _disk.sync_folder(path.parent)

    def _stats(self, folder: str) -> Generator[tuple[str, os.stat_result]]:
        for path in sorted((self._folder / folder).glob("[!.]*")):
            with suppress(FileNotFoundError):  # compacted away between the two
                stat = path.stat()
                if S_ISREG(stat.st_mode):
                    yield path.name, stat
