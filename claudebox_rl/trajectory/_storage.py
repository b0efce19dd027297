"""Where a dataset's tables lie: in a folder of this host, or on any filesystem that pyarrow or fsspec can reach.

Everything here is whole or not there: a folder's files get their names by a rename, an object by the PUT that ends it.
Journals never leave the host that writes them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from claudebox_rl._resources import home

if TYPE_CHECKING:
    from claudebox_rl.trajectory._arrow import Table

JOURNALS = "journal"
TABLES = ("texts", "model_calls", "steps", "episodes")
"""In the order in which a part is put in place: what has an episode is whole."""
TEXTS_SINCE = 2
"""Schema version; earlier parts have no `texts`."""
Fill: TypeAlias = Callable[[Any], Any]
"""Writes a file's content into the open file that it is given."""


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
    if folder is not None:
        from claudebox_rl.trajectory._folder_storage import FolderStorage

        return FolderStorage(folder)
    from claudebox_rl.trajectory._remote_storage import RemoteStorage

    return RemoteStorage(str(dataset))


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


def fills_of(tables: Mapping[str, Table]) -> dict[str, Fill]:
    """Return what writes each of a part's tables."""
    from claudebox_rl.trajectory import parquet  # costs 0.6 s: only whoever commits pays it

    return {name: lambda file, table=table: parquet.write(table, file) for name, table in tables.items()}
