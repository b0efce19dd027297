"""What a run's groups came to, at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import number
from claudebox_rl.trajectory import Group, load_dataset

_SHOWN = 50


def print_groups(console: Console, dataset: str | Path, run_id: str) -> None:
    """Print a row for each group of a run.

    Args:
        console: Where to print.
        dataset: Where their episodes are.
        run_id: Of the run.

    Raises:
        TrajectoryError: There is no dataset, or a file is damaged.
    """
    groups = load_dataset(dataset).groups(run_id)
    console.print(groups_table(groups[:_SHOWN]))
    if len(groups) > _SHOWN:
        console.print(f"and {len(groups) - _SHOWN} more groups: load_dataset(path).groups()", highlight=False)


def groups_table(groups: Sequence[Group]) -> Table:
    """Return the table of groups, a row each; `lost` counts the attempts that no statistic counts."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("group", overflow="ellipsis")
    for name in ("valid", "lost", "mean", "std", "best", "worst"):
        table.add_column(name, justify="right", no_wrap=True)
    for group in groups:
        counts = (str(group.num_valid), str(group.num_invalid))
        numbers = map(number, (group.mean, group.std, group.best, group.worst))
        table.add_row(*(Text(one_line(cell)) for cell in (group.group_id, *counts, *numbers)))
    return table
