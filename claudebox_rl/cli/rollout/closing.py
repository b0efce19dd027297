"""What a run prints at its end: a row a task, what failed first, and how to look closer."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line, printable
from claudebox_rl.cli.words import OUTCOME_STYLES, compact, dollars, number
from claudebox_rl.playing.account import RunAccount, Sums

_TASKS_SHOWN = 50


def print_closing(console: Console, account: RunAccount, dataset: str | Path) -> None:
    """Print how a run ended.

    Args:
        console: Where to print.
        account: The run's.
        dataset: Where its episodes are.
    """
    console.print(_tasks_table(account))
    if len(account.tasks) > _TASKS_SHOWN:
        _say(console, f"and {len(account.tasks) - _TASKS_SHOWN} more tasks")
    for one in account.failures:
        message = printable(f"{one.episode_id}: {one.outcome}: {one.error_type}: {one.message}")
        _say(console, message, OUTCOME_STYLES[one.outcome])
    if account.all.num_failed > len(account.failures):
        _say(console, f"and {account.all.num_failed - len(account.failures)} more: claudebox-rl show {dataset}", "red")
    lost = f", {account.num_lost} attempts lost and played again" if account.num_lost else ""
    _say(
        console,
        f"{account.all.num_episodes} episodes in {account.elapsed_s:.1f} s, {account.all.num_failed} failed{lost}; "
        f"look closer: claudebox-rl show {dataset}",
    )


def _tasks_table(account: RunAccount) -> Table:
    """Return a row a task, by name, and one of all where there are several tasks."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("task", overflow="ellipsis")
    for name in ("episodes", "valid", "failed", "return", "turns", "in", "out", "usd", "mean s"):
        table.add_column(name, justify="right", no_wrap=True)
    for task_id, sums in sorted(account.tasks.items())[:_TASKS_SHOWN]:
        table.add_row(*_row(task_id, sums), style="red" if sums.num_failed else "")
    if len(account.tasks) > 1:
        table.add_section()
        table.add_row(*_row("all", account.all), style="bold")
    return table


def _row(name: str, sums: Sums) -> list[Text]:
    cells = [
        name,
        str(sums.num_episodes),
        str(sums.num_valid),
        str(sums.num_failed),
        number(sums.mean_return),
        str(sums.num_turns),
        compact(sums.usage.input_tokens),
        compact(sums.usage.output_tokens),
        dollars(sums.cost_usd),
        "-" if sums.mean_s is None else f"{sums.mean_s:.1f}",
    ]
    return [Text(one_line(cell)) for cell in cells]


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
