"""Each task of the suite `shell`: its solution 1.0, nothing 0.0, the usual careless script 0.0."""

from __future__ import annotations

from pathlib import Path

import pytest
from suite_checks import (
    attempted,
    attempts_of,
    check_attempt,
    check_fields,
    check_in_sandbox,
    check_nothing,
    check_shared_files,
    check_solution,
    others_of,
)

from claudebox_rl.tasks import Task, find_tasks

TASKS = find_tasks("shell")
BY_NAME = {task.path.name: task for task in TASKS}


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_solution_gets_everything(task: Task, tmp_path: Path):
    check_solution(task, tmp_path)


@pytest.mark.parametrize("other", others_of("shell"))
def test_right_work_of_another_style_gets_everything(other: Path, tmp_path: Path):
    check_solution(BY_NAME[other.parent.name], tmp_path, other.read_text())


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_doing_nothing_gets_nothing(task: Task, tmp_path: Path):
    check_nothing(task, tmp_path)


@pytest.mark.parametrize("attempt", attempts_of("shell"))
def test_an_attempt_is_not_enough(attempt: Path, tmp_path: Path):
    check_attempt(BY_NAME[attempt.parent.name], attempt.read_text(), tmp_path)


def test_every_task_has_an_attempt_that_is_not_enough():
    assert attempted("shell") == set(BY_NAME)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_task_runs_without_an_image_and_without_a_network(task: Task):
    check_fields(task, "shell")


def test_the_tasks_share_what_judges_them():
    check_shared_files(TASKS)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_a_played_episode_is_judged_the_same(task: Task, local_sandbox: str):
    check_in_sandbox(task, local_sandbox, "oracle", 1.0)
    check_in_sandbox(task, local_sandbox, "nop", 0.0)
