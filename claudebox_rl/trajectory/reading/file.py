"""One Parquet file of a table, of which only those row groups and columns are read that are asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import accumulate
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, integers, pa, pc
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.reading.conditions import Condition
from claudebox_rl.trajectory.schema import VERSION_KEY

_ID = "episode_id"


class PartFile:
    """An open file. A row group that it read last is kept, since the next episodes mostly lie in it too.

    Args:
        storage: Where it is.
        name: `<table>/<part>.parquet`.
        footer: What `footer` was of the same file before, if known.
        runs: Likewise.

    Raises:
        TrajectoryError: The file is damaged, or gone.
        SchemaVersionError: A newer version wrote it.
    """

    def __init__(self, storage: Storage, name: str, footer: Any = None, runs: Any = None) -> None:
        self._where = f"{storage}/{name}"
        with self._boundary():
            self._file: Any = parquet.opened(storage, name, footer)
            self.footer: Any = self._file.metadata
            if footer is None:
                parquet.check_version(self._where, self._file.schema_arrow.metadata or {})
        sizes = [self.footer.row_group(i).num_rows for i in range(self.footer.num_row_groups)]
        self._bounds = [0, *accumulate(sizes)]
        self._runs = runs
        self._held: dict[int, Table] = {}
        self._held_columns: Sequence[str] | None = None

    def __enter__(self) -> PartFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def num_rows(self) -> int:
        """Of all row groups."""
        return self._bounds[-1]

    @property
    def num_groups(self) -> int:
        """How many row groups it has."""
        return len(self._bounds) - 1

    @property
    def names(self) -> list[str]:
        """Of its columns."""
        return self._file.schema_arrow.names

    @property
    def known_runs(self) -> Any:
        """`runs`, if they were asked for; else None."""
        return self._runs

    @property
    def version(self) -> int | None:
        """Of its schema; None where another tool rewrote it and lost that."""
        metadata: dict[bytes, bytes] = self._file.schema_arrow.metadata or {}
        version = metadata.get(VERSION_KEY)
        return None if version is None else int(version)

    @property
    def runs(self) -> Any:
        """Which episode's rows lie where, as `(ids, ends)`: an array each, an element for each run of rows."""
        if self._runs is None:
            with self._boundary():
                ids = self._file.read([_ID])[_ID].combine_chunks()
                encoded = pc.run_end_encode(ids if isinstance(ids, pa.Array) else pa.concat_arrays(ids.chunks))
            self._runs = (encoded.values, integers(encoded.run_ends))
        return self._runs

    def may_hold(self, group: int, conditions: Iterable[Condition]) -> bool:
        """Whether that row group may have rows that fulfil all of the conditions."""
        asked = {column for condition in conditions for column in condition.columns([])}
        if not asked:
            return True
        described = self.footer.row_group(group)
        columns = (described.column(i) for i in range(described.num_columns))
        statistics = {column.path_in_schema: column.statistics for column in columns if column.path_in_schema in asked}
        return all(condition.may_hold(statistics) for condition in conditions)

    def read(self, group: int, columns: Sequence[str] | None) -> Table:
        """Read a row group; columns that it lacks are left out. None: all columns."""
        with self._boundary():
            return self._file.read_row_group(group, columns)

    def rows_of(self, ids: Any, columns: Sequence[str] | None) -> Table:
        """Return the rows of some episodes, in the order of the file.

        Args:
            ids: An Arrow array.
            columns: Paths of columns, or of fields in them; what the file lacks is left out. None: all.
        """
        pieces = list(self.pieces_of(ids, columns))
        return pa.concat_tables(pieces) if pieces else self._nothing(columns)

    def pieces_of(self, ids: Any, columns: Sequence[str] | None) -> Generator[Table]:
        """Yield `rows_of`, a row group at a time; none of them is empty."""
        if columns != self._held_columns:
            self._held, self._held_columns = {}, columns
        stretches: dict[int, list[tuple[int, int]]] = {}
        for start, stop in self._ranges(ids):
            for group in self._groups(start, stop):
                stretches.setdefault(group, []).append((start, stop))
        for group, found in sorted(stretches.items()):
            table = self._group(group, columns)
            self._held = {group: table}
            first, last = self._bounds[group], self._bounds[group + 1]
            yield pa.concat_tables(
                table.slice(max(start, first) - first, min(stop, last) - max(start, first)) for start, stop in found
            )

    def first_groups(self, ids: Any) -> NDArray[np.int64]:
        """Return in which row group the rows of each episode begin; -1 where it has none.

        Args:
            ids: An Arrow array.
        """
        names, ends = self.runs
        runs = integers(pc.fill_null(pc.index_in(ids, value_set=names), -1))
        starts = np.append(0, ends)[runs]
        return np.where(runs < 0, -1, np.searchsorted(self._bounds, starts, "right") - 1)

    def _group(self, group: int, columns: Sequence[str] | None) -> Table:
        held = self._held.get(group)
        return self.read(group, columns) if held is None else held

    def _nothing(self, columns: Sequence[str] | None) -> Table:
        with self._boundary():
            return self._file.read_row_groups([], columns)

    def _ranges(self, ids: Any) -> Generator[tuple[int, int]]:
        """Yield the stretches of rows that belong to these episodes; neighbours as one."""
        names, ends = self.runs
        found = integers(pc.indices_nonzero(pc.is_in(names, value_set=ids)))
        for runs in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1) if len(found) else ():
            yield int(ends[runs[0] - 1]) if runs[0] else 0, int(ends[runs[-1]])

    def _groups(self, start: int, stop: int) -> list[int]:
        return [i for i in range(self.num_groups) if self._bounds[i] < stop and start < self._bounds[i + 1]]

    @contextmanager
    def _boundary(self) -> Generator[None]:
        with boundary(TrajectoryError, f"can't read {self._where}", path=self._where):
            yield
