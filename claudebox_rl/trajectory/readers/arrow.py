"""A table of a dataset as a stream of Arrow batches."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory.reading.shape import check_columns, schema_of, tops

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset

_EPISODES = 1 << 16
"""Of a batch, of which ids alone are held: its rows come a row group at a time."""


def pieces(dataset: Dataset, name: str, columns: Sequence[str] | None, part: int | None = None) -> Generator[Table]:
    """Yield a table bit by bit, all alike in schema.

    Args:
        dataset: What is read.
        name: Of the table.
        columns: None: those that were chosen.
        part: Of this part alone; None: of all.
    """
    schema = stream_schema(dataset, name, columns)
    narrow = dataset.select(episodes=["episode_id"]) if name != "episodes" else dataset
    if name == "episodes" and columns is not None:
        narrow = dataset.select(episodes=columns)
    for batch in narrow.batches(_EPISODES) if part is None else narrow.part(part, _EPISODES):
        for piece in batch.pieces(name, columns):
            yield piece.select(schema.names).cast(schema)


def stream_schema(dataset: Dataset, name: str, columns: Sequence[str] | None) -> Any:
    """Return the schema of `pieces`: this version's, without columns that only newer parts have.

    Raises:
        TrajectoryError: There is no such table or column.
    """
    check_columns(name, columns or ())
    chosen = dataset.chosen_columns(name) if columns is None else columns
    whole = None if chosen is None else tops(chosen)
    return pa.schema(list(schema_of(name, whole)))


def reader(dataset: Dataset, name: str, columns: Sequence[str] | None) -> Any:
    """Return a `pyarrow.RecordBatchReader` of a table; see `Dataset.to_arrow`."""
    schema = stream_schema(dataset, name, columns)
    batches = (batch for piece in pieces(dataset, name, columns) for batch in piece.to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


class Stream:
    """What any library of the Arrow PyCapsule interface may read, again each time that it asks."""

    def __init__(self, dataset: Dataset, name: str) -> None:
        self._dataset, self._name = dataset, name

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Begin to read; https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html."""
        return reader(self._dataset, self._name, None).__arrow_c_stream__(requested_schema)
