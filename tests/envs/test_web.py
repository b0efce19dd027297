"""Each task of the suite `web`: its solution 1.0, nothing 0.0, careless work 0.0; pages are seen by a real browser."""

from __future__ import annotations

import shutil
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
)

from claudebox_rl.tasks import Task, find_tasks

BROWSER = "chromium-headless-shell"
TASKS = find_tasks("web")
BY_NAME = {task.path.name: task for task in TASKS}


def needed(task: Task) -> None:
    """Skip where there is no browser for a task of which a page is judged."""
    if BROWSER in (task.host_tools or ()) and shutil.which(BROWSER) is None:
        pytest.skip(f"needs Debian's package {BROWSER}")


def with_browser(task: Task) -> object:
    """Return the task, as a slow case if a browser has to start for it."""
    slow = [pytest.mark.slow] if BROWSER in (task.host_tools or ()) else []
    return pytest.param(task, id=task.path.name, marks=slow)


SERVED = [with_browser(task) for task in TASKS]


@pytest.mark.parametrize("task", SERVED)
def test_the_solution_gets_everything(task: Task, tmp_path: Path):
    needed(task)
    check_solution(task, tmp_path)


@pytest.mark.parametrize("task", SERVED)
def test_doing_nothing_gets_nothing(task: Task, tmp_path: Path):
    needed(task)
    check_nothing(task, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", attempts_of("web"))
def test_an_attempt_is_not_enough(attempt: Path, tmp_path: Path):
    task = BY_NAME[attempt.parent.name]
    needed(task)
    check_attempt(task, attempt.read_text(), tmp_path)


def test_every_task_has_attempts_that_are_not_enough():
    assert attempted("web") == set(BY_NAME)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_task_runs_without_an_image_and_without_a_network(task: Task, monkeypatch: pytest.MonkeyPatch):
    there = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: name if name == BROWSER else there(name))
    check_fields(task, "web")


def test_the_tasks_share_what_judges_them():
    check_shared_files(TASKS)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_a_played_episode_is_judged_the_same(task: Task, local_sandbox: str):
    needed(task)
    check_in_sandbox(task, local_sandbox, "oracle", 1.0)
    check_in_sandbox(task, local_sandbox, "nop", 0.0)
