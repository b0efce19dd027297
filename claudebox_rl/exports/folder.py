"""Where an export is written: a folder that is there whole or not at all, and Parquet files in it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import Dataset, EpisodeRecord

Row = dict[str, Any]
INVALID = "not valid for training"


@dataclass(slots=True)
class Exported:
    """What an export wrote."""

    path: Path
    num_episodes: int = 0
    """Episodes of which something was written."""
    num_rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter[str])
    """How many episodes (of preferences: groups as well) were left out, by the reason."""

    def __str__(self) -> str:
        out = ", ".join(f"{count} {reason}" for reason, count in sorted(self.left_out.items()) if count)
        return f"{self.path}: {self.num_rows} rows of {self.num_episodes} episodes" + (
            f"; left out: {out}" if out else ""
        )


@contextmanager
def new_folder(path: str | Path) -> Generator[tuple[Path, Exported]]:
    """Give a folder beside `path`, which takes its name at the end, and no name if anything fails.

    Raises:
        TrajectoryError: `path` is there already, nothing was exported into it, or it can't be written.
    """
    target = Path(path).absolute()
    if target.exists():
        raise TrajectoryError(f"{target} is there already: remove it, or name another folder", path=str(target))
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    exported = Exported(target)
    try:
        with boundary(TrajectoryError, f"can't export to {target}", path=str(target)):
            partial.mkdir(parents=True)
            yield partial, exported
            if not exported.num_rows:
                raise TrajectoryError(f"nothing was exported: {exported}", left_out=dict(exported.left_out))
            _sync(partial)
            partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def valid_records(dataset: Dataset, exported: Exported) -> Iterator[EpisodeRecord]:
    """Yield the episodes that are valid for training, and count the others."""
    for record in dataset:
        if record.episode.valid_for_training:
            yield record
        else:
            exported.left_out[INVALID] += 1


def write_parquet(path: Path, rows: Iterable[Row], schema: Any, *, rows_in_group: int = 64) -> int:
    """Write rows as they come, at most `rows_in_group` of them in memory; return how many there were.

    Args:
        path: The file.
        rows: Values of the schema's columns; those of type `arrow.json` as JSON text.
        schema: A `pyarrow.Schema`.
        rows_in_group: Rows of a row group.
    """
    arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
    source, count = iter(rows), 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(source, rows_in_group)):
            table = arrow.Table.from_pylist(some, schema=_stored(schema)).cast(schema)
            writer.write_table(table)
            count += len(some)
    return count


def library(name: str) -> Any:
    """Import a module that has no types."""
    return import_module(name)


def _stored(schema: Any) -> Any:
    """Return the schema with texts in place of `arrow.json`, which pyarrow makes of texts only."""
    arrow = library("pyarrow")
    plain = {arrow.json_(): arrow.string(), arrow.list_(arrow.json_()): arrow.list_(arrow.string())}
    return arrow.schema([(each.name, plain.get(each.type, each.type)) for each in schema])


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
