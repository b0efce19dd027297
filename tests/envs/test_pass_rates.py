"""Each shipped task says how often careless players pass it: more often the fewer edits they leave out."""

from __future__ import annotations

import pytest

from claudebox_rl.checking import careless_players
from claudebox_rl.tasks import Task, find_tasks, shipped_suites

PLAYERS = [player.name for player in careless_players(1)]
"""From the most careful to the least."""


@pytest.mark.parametrize("task", find_tasks(shipped_suites()), ids=lambda task: task.task_id)
def test_a_task_was_measured_and_fewer_edits_pass_less_often(task: Task) -> None:
    assert list(task.pass_rates) == PLAYERS, "run `claudebox-rl tasks measure --write` for it"
    rates = list(task.pass_rates.values())
    assert rates == sorted(rates, reverse=True)
