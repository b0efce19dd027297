"""`claudebox-rl report`: where the time of a dataset's episodes went."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import fields

from rich.console import Console
from rich.table import Table

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import load_dataset
from claudebox_rl.trajectory.timing import EpisodeTimes, episode_times

_NAMES = {"setup": "set-up", "verify": "verifier"}


def report(path: str, run_id: str | None, *, console: Console) -> None:
    """Print where the time went.

    Args:
        path: The dataset's folder.
        run_id: Only the episodes of this rollout; None: all.
        console: Where to print.

    Raises:
        TrajectoryError: There is no dataset, no episode of that rollout in it, or a file is damaged.
    """
    times = episode_times(load_dataset(path), run_id)
    if not times:
        raise TrajectoryError(f"no episode of run {run_id!r} in {path}", path=path)
    console.print(times_table(times))


def times_table(times: Sequence[EpisodeTimes]) -> Table:
    """Return a row for each thing that time goes to: its share of all, its seconds, and percentiles over episodes.

    Args:
        times: Of at least one episode.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(f"time of {len(times)} episodes", no_wrap=True)
    for name in ("share", "seconds", "p50 s", "p95 s"):
        table.add_column(name, justify="right", no_wrap=True)
    all_s = sum(one.total for one in times)
    for name in (field.name for field in fields(EpisodeTimes)):
        table.add_row(*_row(_NAMES.get(name, name), [getattr(one, name) for one in times], all_s))
    table.add_section()
    table.add_row(*_row("all", [one.total for one in times], all_s), style="bold")
    return table


def _row(name: str, seconds: list[float], all_s: float) -> list[str]:
    share = sum(seconds) / all_s if all_s else 0.0
    return [name, f"{share:.1%}", f"{sum(seconds):.1f}", *(f"{_quantile(seconds, p):.2f}" for p in (50, 95))]


def _quantile(values: list[float], percent: int) -> float:
    """Return a percentile, between the two nearest values."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
