"""The tables of `claudebox-rl tasks check`: reward by player, and what became of each task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from claudebox_rl.checking import Finding, Play, Role

_ONES = (Role.SOLUTION, Role.NOTHING, Role.RANDOM)


def players_table(plays: Sequence[Play], findings: Sequence[Finding]) -> Table:
    """Return the mean reward of each player on each suite; red where it is not what it has to be.

    `-`: no verdict, or nothing to try, in all tasks of the suite.
    """
    wrong = {(suite_of(finding.task_id), finding.player) for finding in findings}
    suites = list(dict.fromkeys(suite_of(play.task_id) for play in plays))
    table = Table("player", box=None, header_style="bold")
    for suite in suites:
        table.add_column(suite, justify="right")
    for player in dict.fromkeys(play.player for play in plays):
        own = [play for play in plays if play.player == player]
        cells = [[play for play in own if suite_of(play.task_id) == suite] for suite in suites]
        row = [_reward(cell, (suite, player) in wrong) for suite, cell in zip(suites, cells, strict=True)]
        table.add_row(Text(player), *row)
    return table


def tasks_table(plays: Sequence[Play], findings: Sequence[Finding]) -> Table:
    """Return a row for each task: what it paid, the best cheat, how many had something to try, and the verdict."""
    table = Table("task", *_ONES, Role.CHEAT, "cheats tried", "", box=None, header_style="bold")
    for task_id in dict.fromkeys(play.task_id for play in plays):
        own = [play for play in plays if play.task_id == task_id]
        wrong = [finding for finding in findings if finding.task_id == task_id]
        cheats = [play for play in own if play.role is Role.CHEAT]
        rewards = [_reward([play for play in own if play.role is role], False) for role in _ONES]
        best = max((play.gain for play in cheats), default=None)
        tried = f"{sum(not play.skipped for play in cheats)}/{len(cheats)}"
        words = Text("WRONG", "red") if wrong else Text("proved", "green")
        table.add_row(Text(task_id), *rewards, Text(_number(best)), Text(tried), words)
    return table


def suite_of(task_id: str) -> str:
    """Return the suite of a task; tasks of a folder are one suite, called `.`."""
    return task_id.rpartition("/")[0] or "."


def _reward(plays: Iterable[Play], is_wrong: bool) -> Text:
    rewards = [play.reward for play in plays if play.reward is not None]
    return Text(_number(sum(rewards) / len(rewards) if rewards else None), "red" if is_wrong else "")


def _number(reward: float | None) -> str:
    return "-" if reward is None else f"{reward:.2f}"
