"""How far the players are, while they play."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from claudebox_rl.checking import Play, check_tasks
from claudebox_rl.checking.check import Plan
from claudebox_rl.cli.console import make_console
from claudebox_rl.config import SandboxConfig


def play_all(plan: Plan, sandbox: SandboxConfig) -> list[Play]:
    """Play, with a progress bar on a terminal, else with a line for each task that is through."""
    console = make_console(stderr=True)
    if not console.is_terminal:
        return asyncio.run(check_tasks(plan, sandbox, _Lines(plan)))
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=sum(len(players) for _, players in plan))

        def on_play(play: Play) -> None:
            progress.update(bar, advance=1, description=f"{play.task_id}: {play.player}")

        return asyncio.run(check_tasks(plan, sandbox, on_play))


class _Lines:
    """A line of standard error for each task that was played by everybody."""

    def __init__(self, plan: Plan) -> None:
        self._left = Counter({task.task_id: len(players) for task, players in plan})

    def __call__(self, play: Play) -> None:
        self._left[play.task_id] -= 1
        if not self._left[play.task_id]:
            print(f"played: {play.task_id}", file=sys.stderr, flush=True)  # noqa: T201  # a log, not a screen
