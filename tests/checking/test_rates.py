"""How hard tasks are: measured by careless players, and written into their folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_tasks import make_task

from claudebox_rl.checking import Play, Role, careless_players, check_tasks, pass_rates, write_pass_rates
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import TaskError
from claudebox_rl.tasks import load_task


def test_a_rate_is_the_share_of_verdicts_that_are_1():
    rewards = {"a": [1.0, 0.0, 1.0, None], "b": [0.9, 0.0], "c": [None]}
    plays = [Play("task", name, Role.CARELESS, reward) for name, some in rewards.items() for reward in some]
    assert pass_rates(plays) == {"a": 0.67, "b": 0.0}


def test_rates_stand_in_the_folder_and_replace_earlier_ones(tmp_path: Path):
    task = make_task(tmp_path / "task")
    file = tmp_path / "task" / "task.toml"
    before = file.read_text()
    write_pass_rates(task, {"careless-0.1": 0.88, "careless-0.5": 0.0})
    assert load_task(task.path).pass_rates == {"careless-0.1": 0.88, "careless-0.5": 0.0}
    assert file.read_text().startswith(before.rstrip())
    file.write_text(file.read_text() + "\n# The last words.\n[solution.env]\nWORD = 'x'\n")
    write_pass_rates(task, {"careless-0.1": 0.5})
    assert load_task(task.path).pass_rates == {"careless-0.1": 0.5}
    assert file.read_text().count("pass_rates") == 1
    assert "[solution.env]\nWORD = 'x'" in file.read_text()


def test_rates_in_another_form_are_left_alone(tmp_path: Path):
    task = make_task(tmp_path / "task")
    file = tmp_path / "task" / "task.toml"
    other = file.read_text().replace("host_tools", 'pass_rates = {"me" = 1.0}\nhost_tools')
    file.write_text(other)
    with pytest.raises(TaskError, match="in another form"):
        write_pass_rates(task, {"careless-0.1": 0.5})
    assert file.read_text() == other


async def test_who_leaves_out_more_passes_less_often(local_sandbox: str, tmp_path: Path):
    solution = "for n in 1 2 3 4; do echo right > part-$n.txt; done; cp part-1.txt answer.txt"
    needs_all = '[ "$(cat part-{1,2,3,4}.txt | grep -c right)" = 4 ]; echo $((! $?)) > $LOGS/reward.txt'
    task = make_task(tmp_path / "task", needs_all, solution=solution)
    plays = await check_tasks([(task, careless_players(12))], SandboxConfig(local_sandbox), lambda play: None)
    rates = pass_rates(plays)
    assert list(rates) == ["careless-0.1", "careless-0.3", "careless-0.5"]
    assert 1.0 > rates["careless-0.1"] > rates["careless-0.3"] >= rates["careless-0.5"]
