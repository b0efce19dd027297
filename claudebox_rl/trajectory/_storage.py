"""Where a dataset's tables lie: in a folder of this host, or on any filesystem that pyarrow or fsspec can reach.

Everything here is whole or not there: a folder's files get their names by a rename, an object by the PUT that ends it.
Journals never leave the host that writes them.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from claudebox_rl._resources import home
from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.trajectory import _disk

if TYPE_CHECKING:
    from claudebox_rl.trajectory._arrow import Table

JOURNALS = "journal"
TABLES = ("texts", "model_calls", "steps", "episodes")
"""In the order in which a part is put in place: what has an episode is whole."""
TEXTS_SINCE = 2
"""Schema version; earlier parts have no `texts`."""
Fill: TypeAlias = Callable[[Any], Any]
"""Writes a file's content into the open file that it is given."""
_ATOMIC = ("s3", "gcs", "abfs")
"""Filesystems of pyarrow on which a file is seen when it is closed, and on which folders need not be made."""


class Storage(Protocol):
    """The tables and small files of one dataset. Names are relative, with `/`."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def names(self, folder: str) -> dict[str, float]:
        """Return the files of a folder, sorted, with the times of their last change.

        In seconds, by the storage's clock; 0 where it tells none.
        """
        ...

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the files of a folder, sorted, with their bytes."""
        ...

    def open(self, name: str) -> Any:
        """Return what `pyarrow.parquet.ParquetFile` reads; the caller closes it."""
        ...

    def put(self, part: str, tables: Mapping[str, Table]) -> None:
        """Put one file into each table's folder, `episodes` last. The same again changes nothing.

        Raises:
            OSError: The disk is full, or the server failed; the part is not seen, or not by its `episodes`.
        """
        ...

    def put_files(self, part: str, fills: Mapping[str, Fill]) -> None:
        """As `put`, with files that are written by their `Fill`, one after the other; `episodes` last of all."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file for good; one that is gone already is no error."""
        ...

    def check_removal(self) -> None:
        """Find out by trying that a removal takes nothing else with it.

        Raises:
            TrajectoryError: It does.
        """
        ...

    def move(self, name: str, new: str) -> None:
        """Give a file another name in its folder, taking the place of what has it."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return a small file; None where there is none."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Make or replace a small file."""
        ...

    def write_new(self, name: str, data: Callable[[], bytes]) -> None:
        """Make a file whose name says what it holds; where it is there already, `data` is not even asked for.

        Any number of writers may do so at once.

        Raises:
            OSError: As `put`; no half file is seen.
        """
        ...


def storage_of(dataset: str | Path) -> Storage:
    """Return the storage at a folder or URI (`file:///...`, `s3://bucket/runs`, any scheme of fsspec).

    Raises:
        ConfigError: The URI holds a key, or nothing here reads its scheme.
    """
    folder = local_folder(dataset)
    return RemoteStorage(str(dataset)) if folder is None else FolderStorage(folder)


def local_folder(dataset: str | Path) -> Path | None:
    """Return the dataset's folder on this host; None where it is elsewhere."""
    if isinstance(dataset, Path) or "://" not in dataset:
        return Path(dataset)
    parts = urlsplit(dataset)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def journal_folder(dataset: str | Path) -> Path:
    """Return where this host keeps journals of a dataset: in its folder, or below `~/.claudebox/journals`."""
    folder = local_folder(dataset)
    if folder is not None:
        return folder / JOURNALS
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", urlsplit(str(dataset)).path.strip("/"))[-40:]
    return home() / "journals" / f"{name}-{hashlib.sha256(str(dataset).encode()).hexdigest()[:12]}"


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
        self.put_files(part, _fills(tables))

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
        path = self._folder / name
        self._write(path, path.with_name(f".{path.name}.inprogress"), data)

    def write_new(self, name: str, data: Callable[[], bytes]) -> None:
        """See `Storage.write_new`."""
        path = self._folder / name
        if path.is_file():
            return
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.inprogress")
        try:
            self._write(path, temporary, data())
        finally:
            temporary.unlink(missing_ok=True)  # gives a full disk its room back

    def _write(self, path: Path, temporary: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            _disk.sync(file)
        temporary.replace(path)
        _disk.sync_folder(path.parent)

    def _stats(self, folder: str) -> Generator[tuple[str, os.stat_result]]:
        for path in sorted((self._folder / folder).glob("[!.]*")):
            with suppress(FileNotFoundError):  # compacted away between the two
                stat = path.stat()
                if S_ISREG(stat.st_mode):
                    yield path.name, stat


class RemoteStorage:
    """A filesystem that pyarrow reaches itself, or through fsspec."""

    def __init__(self, uri: str) -> None:
        from claudebox_rl.trajectory import _arrow

        if urlsplit(uri).password is not None:
            raise ConfigError(
                f"{uri.split('//')[0]}//...: a key in the URI would be stored; give it by the environment "
                "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the store's own file of credentials"
            )
        self._uri = uri.rstrip("/")
        self._arrow = _arrow
        self._fs, self._root = _arrow.filesystem(uri)
        self._is_atomic = self._fs.type_name in _ATOMIC

    def __str__(self) -> str:
        return self._uri

    def has(self, name: str) -> bool:
        """See `Storage.has`."""
        return self._fs.get_file_info(self._path(name)).is_file

    def names(self, folder: str) -> dict[str, float]:
        """See `Storage.names`."""
        # pyarrow reads a time in a listing as 0 where it has not just three digits of milliseconds, as rclone's may.
        infos = [info if info.mtime_ns else self._fs.get_file_info(info.path) for info in self._infos(folder)]
        return {info.base_name: (info.mtime_ns or 0) / 1e9 for info in infos}

    def sizes(self, folder: str) -> dict[str, int]:
        """See `Storage.sizes`."""
        return {info.base_name: info.size or 0 for info in self._infos(folder)}

    def open(self, name: str) -> Any:
        """See `Storage.open`."""
        return self._fs.open_input_file(self._path(name))

    def put(self, part: str, tables: Mapping[str, Table]) -> None:
        """See `Storage.put`."""
        self.put_files(part, _fills(tables))

    def put_files(self, part: str, fills: Mapping[str, Fill]) -> None:
        """See `Storage.put_files`."""
        for name in TABLES:
            if name in fills:
                self._write(f"{name}/{part}", fills[name])

    def delete(self, name: str) -> None:
        """See `Storage.delete`."""
        try:
            self._fs.delete_file(self._path(name))
        except OSError:  # pyarrow then puts a mark for the folder, which not every server takes
            if self.has(name):
                raise

    def check_removal(self) -> None:
        """See `Storage.check_removal`."""
        names = [f"runs/.removal/{name}" for name in ("gone", "stays")]
        for name in names:
            self.write(name, b"-")
        self.delete(names[0])
        if not self.has(names[1]):
            raise TrajectoryError(
                f"{self} loses other files of a folder where one is removed (`rclone serve s3` does): "
                "put the dataset in order in a folder, or on another server"
            )

    def move(self, name: str, new: str) -> None:
        """See `Storage.move`."""
        folder = name.rpartition("/")[0]
        self._fs.move(self._path(name), self._path(f"{folder}/{new}"))

    def read(self, name: str) -> bytes | None:
        """See `Storage.read`."""
        if not self.has(name):
            return None
        with self._fs.open_input_stream(self._path(name)) as file:
            return file.read()

    def write(self, name: str, data: bytes) -> None:
        """See `Storage.write`."""
        self._write(name, lambda file: file.write(data))

    def _infos(self, folder: str) -> list[Any]:
        selector = self._arrow.fs.FileSelector(self._path(folder), allow_not_found=True)
        found = [info for info in self._fs.get_file_info(selector) if info.is_file and info.base_name[:1] != "."]
        return sorted(found, key=lambda info: info.base_name)

    def write_new(self, name: str, data: Callable[[], bytes]) -> None:
        """See `Storage.write_new`."""
        if not self.has(name):
            content = data()
            self._write(name, lambda file: file.write(content), f".{secrets.token_hex(4)}")

    def _write(self, name: str, fill: Fill, mark: str = "") -> None:
        """Write a file by way of memory, since closing a stream that broke in the middle would put half of it."""
        buffer = io.BytesIO()
        fill(buffer)
        path = self._path(name)
        folder, _, own = path.rpartition("/")
        target = path if self._is_atomic else f"{folder}/.{own}{mark}.inprogress"
        if not self._is_atomic:
            self._fs.create_dir(folder, recursive=True)
        with self._fs.open_output_stream(target) as file:
            file.write(buffer.getvalue())
        if target != path:
            self._fs.move(target, path)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _fills(tables: Mapping[str, Table]) -> dict[str, Fill]:
    from claudebox_rl.trajectory import parquet  # costs 0.6 s: only whoever commits pays it

    return {name: lambda file, table=table: parquet.write(table, file) for name, table in tables.items()}
