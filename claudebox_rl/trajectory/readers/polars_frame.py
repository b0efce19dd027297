"""A table of a dataset as a lazy frame of Polars, which asks for the columns and rows that a query needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from claudebox_rl.trajectory.readers.arrow import pieces, stream_schema
from claudebox_rl.trajectory.readers.library import library

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset


def lazy_frame(dataset: Dataset, name: str) -> Any:
    """Return a `polars.LazyFrame`; see `Dataset.to_polars`.

    Raises:
        ConfigError: Polars is not installed.
    """
    polars = library("polars")
    empty = polars.from_arrow(stream_schema(dataset, name, None).empty_table())

    def scan(columns: list[str] | None, predicate: Any, num_rows: int | None, size: int | None) -> Iterator[Any]:
        del size
        asked = None if columns is None else columns or empty.columns[:1]
        for piece in pieces(dataset, name, asked):
            frame = polars.from_arrow(piece)
            if num_rows is not None:
                frame = frame.head(num_rows)
                num_rows -= len(frame)
            yield frame if predicate is None else frame.filter(predicate)
            if num_rows == 0:
                return

    return library("polars.io.plugins").register_io_source(scan, schema=empty.schema)
