"""A small table of its own, as one Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary


def write_sheet(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write rows, all with the same columns; overrides are typed as in `Dataset.with_overrides`.

    Raises:
        TrajectoryError: The disk is full or failed; the file is as it was before.
    """
    from claudebox_rl.trajectory._arrow import pa, pq  # costs 0.6 s: only whoever writes pays it
    from claudebox_rl.trajectory.overrides import typed

    temporary = path.with_name(f".{path.name}.inprogress")
    with boundary(TrajectoryError, f"can't write {path}", path=str(path)):
        pq.write_table(typed(pa.Table.from_pylist(list(rows))), temporary)
        temporary.replace(path)
