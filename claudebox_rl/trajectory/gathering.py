"""Episodes on their way into a part: as tables, with the long texts of all of them beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeAlias, cast

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory.replay import Recorded
from claudebox_rl.trajectory.rows import Row
from claudebox_rl.trajectory.schema import SCHEMAS, TEXTS
from claudebox_rl.trajectory.texts import Texts

_WAITING_BYTES = 1 << 20
"""About as much is held as rows of Python before they become tables, besides the rows of one episode."""
_ROW_BYTES = 1000
_ITEM_BYTES = 50
Refused: TypeAlias = Callable[[Path, TrajectoryError], None]
"""Told which journal is not in the part, and why."""


def _raise(journal: Path, error: TrajectoryError) -> None:
    raise error


class PartTables:
    """Gathers the tables of one part.

    Args:
        refused: Told of each episode of which a value does not fit its column, once that is found; nothing of it is in
            the tables. Unless given, the error is raised.
    """

    def __init__(self, refused: Refused = _raise) -> None:
        self._refused = refused
        self._waiting: list[tuple[Recorded, Texts]] = []
        self._num_bytes = 0
        self._tables: dict[str, list[Table]] = {name: [] for name in SCHEMAS if name != "texts"}
        self._texts: dict[str, str] = {}
        self._owners: dict[str, str | None] = {}

    def add(self, recorded: Recorded, texts: Texts) -> None:
        """Add one episode.

        Args:
            recorded: Its rows, without the long texts.
            texts: Those.

        Raises:
            TrajectoryError: It has no row of `episodes`; nothing is added.
        """
        if recorded.episode is None:
            raise TrajectoryError(f"{recorded.path} has an end but no episode", path=str(recorded.path))
        with _fitting(recorded.path):
            self._num_bytes += sum(map(_num_bytes, (recorded.episode, *recorded.steps, *recorded.calls)))
        self._waiting.append((recorded, texts))
        if self._num_bytes >= _WAITING_BYTES:
            self._take_waiting()

    def tables(self) -> dict[str, Table]:
        """Return the tables by name; of the texts first what several episodes use, then by episode."""
        self._take_waiting()
        tables = {name: parquet.concatenate(name, found) for name, found in self._tables.items()}
        names = sorted(self._owners, key=lambda name: self._owners[name] is not None)
        columns = [[self._owners[name] for name in names], names, [self._texts[name] for name in names]]
        return tables | {"texts": pa.table(columns, schema=TEXTS)}

    def _take_waiting(self) -> None:
        waiting, self._waiting, self._num_bytes = self._waiting, [], 0
        try:
            self._take(waiting)
        except TrajectoryError:
            for each in waiting:  # one by one, to find out whose value it is
                try:
                    self._take([each])
                except TrajectoryError as error:
                    self._refused(each[0].path, error)

    def _take(self, episodes: Sequence[tuple[Recorded, Texts]]) -> None:
        """Take the rows and texts of episodes, or nothing of any of them."""
        for name, table in _tables([recorded for recorded, _ in episodes]).items():
            self._tables[name].append(table)
        for recorded, texts in episodes:
            for name in texts.by_id:
                self._owners[name] = None if name in self._texts else recorded.episode_id
            self._texts |= texts.by_id


def _tables(episodes: Sequence[Recorded]) -> dict[str, Table]:
    """Return the rows of episodes as tables: an array for each column costs much, and a row in it little.

    Raises:
        TrajectoryError: A value does not fit its column.
    """
    rows = {
        "episodes": [each.episode for each in episodes],
        "steps": [row for each in episodes for row in each.steps],
        "model_calls": [row for each in episodes for row in each.calls],
    }
    with _fitting(episodes[-1].path if episodes else Path()):
        return {name: pa.Table.from_pylist(rows[name], schema=SCHEMAS[name]) for name in rows}


def _fitting(journal: Path) -> AbstractContextManager[None]:
    return boundary(TrajectoryError, f"{journal} holds a value that the dataset can't", path=str(journal))


def _num_bytes(row: Row) -> int:
    """Return about how much memory a row takes."""
    texts = sum(len(value) for value in row.values() if isinstance(value, str))
    items = sum(len(cast("list[Any]", value)) for value in row.values() if isinstance(value, list))
    return _ROW_BYTES + texts + _ITEM_BYTES * items
