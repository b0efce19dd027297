"""Parts as they are rewritten: all of their episodes or some, read row group by row group."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._arrow import Table, pa, pc
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.parquet import check_version, opened


@dataclass(frozen=True, slots=True)
class Source:
    """A part, or some episodes of it."""

    storage: Storage
    part: str
    keep: frozenset[str] | None = None
    """Ids of episodes; None: all."""

    def path(self, table: str) -> str:
        """Return where a table's file is, for messages."""
        return f"{self.storage}/{table}/{self.part}"


def batches(source: Source, name: str, columns: Sequence[str] | None = None) -> Generator[Table]:
    """Yield the rows of a source's table by row groups, so that no more than one of them is in memory.

    Of `texts`, whole parts alone have all that their episodes use; of some episodes see `kept_texts`.

    Raises:
        TrajectoryError: The file is damaged or gone.
    """
    where = source.path(name)
    with (
        boundary(TrajectoryError, f"can't read {where}", path=where),
        opened(source.storage, f"{name}/{source.part}") as file,
    ):
        check_version(where, file.schema_arrow.metadata or {})
        for index in range(file.num_row_groups):
            table = file.read_row_group(index, columns)
            if source.keep is not None:
                kept = pa.array(sorted(source.keep), pa.string())
                table = table.filter(pc.is_in(table["episode_id"], value_set=kept))
            yield table


def version_of(source: Source) -> int:
    """Return the schema version of a part.

    Raises:
        TrajectoryError: It is damaged.
    """
    return check_version(source.path("episodes"), read_schema(source, "episodes").metadata or {})


def read_schema(source: Source, name: str) -> Any:
    """Return the Arrow schema of a source's table.

    Raises:
        TrajectoryError: The file is damaged or gone.
    """
    where = source.path(name)
    with (
        boundary(TrajectoryError, f"can't read {where}", path=where),
        opened(source.storage, f"{name}/{source.part}") as file,
    ):
        return file.schema_arrow
