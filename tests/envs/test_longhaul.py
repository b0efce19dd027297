"""The suite `longhaul`: tasks of several steps that build on one another. `tasks check` proves them."""

from __future__ import annotations

import pytest
from suite_checks import check_fields, check_in_sandbox

from claudebox_rl.tasks import Task, find_tasks

TASKS = find_tasks("longhaul")
BY_NAME = {task.path.name: task for task in TASKS}


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_solutions_of_all_steps_earn_everything(task: Task, local_sandbox: str):
    check_in_sandbox(task, local_sandbox, "oracle", pytest.approx(1.0))


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_doing_nothing_ends_at_the_first_checkpoint(task: Task, local_sandbox: str):
    check_in_sandbox(task, local_sandbox, "nop", 0.0)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_each_step_but_the_last_must_be_passed(task: Task):
    check_fields(task, "longhaul")
    assert 3 <= len(task.checkpoints) <= 4
    assert [dict(checkpoint.least) for checkpoint in task.checkpoints[:-1]] == [{"reward": 1.0}] * (
        len(task.checkpoints) - 1
    )
    assert "solve.sh" in task.solution_files()
    for checkpoint in task.checkpoints:
        assert (task.path / "steps" / checkpoint.name / "tests" / "judge.py").is_file()
