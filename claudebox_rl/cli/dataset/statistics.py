"""`claudebox-rl dataset stats`, printed."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import compact, dollars, number
from claudebox_rl.trajectory.upkeep import Statistics, Summary, stats

_HEADS = ("episodes", "return", "std", "steps", "turns", "in", "out", "usd", "s")


def print_stats(dataset: str, *, console: Console, as_json: bool) -> None:
    """Print what is in a dataset: a row a task, sums, and the sizes of its files.

    Raises:
        TrajectoryError: There is no dataset, or a file is damaged.
    """
    found = stats(dataset)
    if as_json:
        console.print_json(json.dumps(asdict(found)))
        return
    console.print(_table(found))
    tables = ", ".join(f"{name} {size / 1e6:.2f}" for name, size in found.table_bytes.items())
    sizes = found.part_bytes
    console.print(f"\nMB: {tables}; {len(sizes)} parts of {min(sizes) / 1e6:.2f} to {max(sizes) / 1e6:.2f}")


def _table(found: Statistics) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("task", overflow="ellipsis")
    table.add_column("outcomes", overflow="ellipsis")
    for name in _HEADS:
        table.add_column(name, justify="right", no_wrap=True)
    for task, summary in found.tasks.items():
        table.add_row(*map(_cell, _row(task, summary)))
    table.add_row(*map(_cell, _row("all", found.total)), style="bold")
    return table


def _row(task: str, summary: Summary) -> list[str]:
    return [
        task,
        ", ".join(f"{count} {name}" for name, count in summary.outcomes.items()),
        str(summary.num_episodes),
        number(summary.return_mean),
        number(summary.return_std),
        str(summary.num_steps),
        str(summary.num_turns),
        compact(summary.input_tokens),
        compact(summary.output_tokens),
        dollars(summary.cost_usd),
        f"{summary.duration_s:.1f}",
    ]


def _cell(text: str) -> Text:
    return Text(one_line(text))
