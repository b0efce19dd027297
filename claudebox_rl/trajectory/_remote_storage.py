"""A dataset on an object store, or what else pyarrow or fsspec reaches: a file is there when its PUT has ended."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.trajectory._arrow import Table, filesystem, fs
from claudebox_rl.trajectory._storage import TABLES, Fill, fills_of

_ATOMIC = ("s3", "gcs", "abfs")
"""Filesystems of pyarrow on which a file is seen when it is closed, and on which folders need not be made."""


class RemoteStorage:
    """A filesystem that pyarrow reaches itself, or through fsspec."""

    def __init__(self, uri: str) -> None:
        if urlsplit(uri).password is not None:
            raise ConfigError(
                f"{uri.split('//')[0]}//...: a key in the URI would be stored; give it by the environment "
                "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the store's own file of credentials"
            )
        self._uri = uri.rstrip("/")
        self._fs, self._root = filesystem(uri)
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
        self.put_files(part, fills_of(tables))

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
        selector = fs.FileSelector(self._path(folder), allow_not_found=True)
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
