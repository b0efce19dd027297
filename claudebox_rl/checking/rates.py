"""How hard tasks are, by how often players of lower and lower skill pass; and the place for it in a task's folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from claudebox_rl.checking.play import Play
from claudebox_rl.checking.player import Player, Role
from claudebox_rl.errors import TaskError, boundary
from claudebox_rl.tasks import Task, load_task

ERROR_RATES = (0.1, 0.3, 0.5)
_TABLE = "metadata.claudebox.pass_rates"
_HEADER = re.compile(r"^\s*\[", re.MULTILINE)


def careless_players(num_episodes: int) -> list[Player]:
    """Return players that leave out 10, 30 and 50 % of the solution's edits, each with so many seeds."""
    return [
        Player(f"careless-{rate:g}", Role.CARELESS, f"Leaves out {rate:.0%} of the edits.", "careless", "", rate, seed)
        for rate in ERROR_RATES
        for seed in range(num_episodes)
    ]


def pass_rates(plays: Sequence[Play]) -> dict[str, float]:
    """Return the share of each player's plays that earned 1.0, of those that have a verdict; rounded to 0.01."""
    rates: dict[str, float] = {}
    for player in dict.fromkeys(play.player for play in plays):
        rewards = [play.reward for play in plays if play.player == player and play.reward is not None]
        if rewards:
            rates[player] = round(sum(reward >= 1.0 for reward in rewards) / len(rewards), 2)
    return rates


def write_pass_rates(task: Task, rates: Mapping[str, float]) -> None:
    """Put measured rates into a task's task.toml, instead of earlier ones; the rest of the file stays as it is.

    Raises:
        TaskError: The file can't be written, or holds the rates in another form than a table of their own.
    """
    file = task.path / "task.toml"
    with boundary(TaskError, f"can't write {file}"):
        before = file.read_text("utf-8")
        file.write_text(_with_rates(before, rates), "utf-8")
        try:
            is_there = dict(load_task(task.path).pass_rates) == dict(rates)
        except TaskError:
            is_there = False
        if not is_there:
            file.write_text(before, "utf-8")
            raise TaskError(f"{file} has {_TABLE} in another form; make it a table of its own", path=str(file))


def _with_rates(text: str, rates: Mapping[str, float]) -> str:
    table = "\n".join([f"[{_TABLE}]", *(f'"{player}" = {rate}' for player, rate in rates.items()), ""])
    return f"{_without_table(text, _TABLE).rstrip()}\n\n{table}"


def _without_table(text: str, name: str) -> str:
    """Return TOML without one table: from its header to the next one."""
    header = re.search(rf"^\[{re.escape(name)}\][^\n]*\n", text, re.MULTILINE)
    if header is None:
        return text
    following = _HEADER.search(text, header.end())
    return text[: header.start()] + (text[following.start() :] if following else "")
