"""Episodes on their way into a part: as tables, with the long texts of all of them beside."""

from __future__ import annotations

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory.replay import Recorded
from claudebox_rl.trajectory.schema import SCHEMAS, TEXTS
from claudebox_rl.trajectory.texts import Texts


class PartTables:
    """Gathers the tables of one part."""

    def __init__(self) -> None:
        self._tables: dict[str, list[Table]] = {name: [] for name in SCHEMAS if name != "texts"}
        self._texts: dict[str, str] = {}
        self._owners: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._tables["episodes"])

    def add(self, recorded: Recorded, texts: Texts) -> None:
        """Add one episode.

        Args:
            recorded: Its rows, without the long texts.
            texts: Those.

        Raises:
            TrajectoryError: A value does not fit its column; nothing is added.
        """
        if recorded.episode is None:
            raise TrajectoryError(f"{recorded.path} has an end but no episode", path=str(recorded.path))
        rows = {"episodes": [recorded.episode], "steps": recorded.steps, "model_calls": recorded.calls}
        what = f"{recorded.path} holds a value that the dataset can't"
        with boundary(TrajectoryError, what, path=str(recorded.path)):
            tables = {name: pa.Table.from_pylist(rows[name], schema=SCHEMAS[name]) for name in rows}
        for name, table in tables.items():
            self._tables[name].append(table)
        for name in texts.by_id:
            self._owners[name] = None if name in self._texts else recorded.episode_id
        self._texts |= texts.by_id

    def tables(self) -> dict[str, Table]:
        """Return the tables by name; of the texts first what several episodes use, then by episode."""
        tables = {name: parquet.concatenate(name, found) for name, found in self._tables.items()}
        names = sorted(self._owners, key=lambda name: self._owners[name] is not None)
        columns = [[self._owners[name] for name in names], names, [self._texts[name] for name in names]]
        return tables | {"texts": pa.table(columns, schema=TEXTS)}
