"""Each task of the suite `bugfix`: its fix 1.0, nothing 0.0, part of the fix 0.0; its visible tests fail until then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from direct_play import parts_of, run_visible_tests
from suite_checks import (
    attempted,
    attempts_of,
    check_attempt,
    check_fields,
    check_in_sandbox,
    check_nothing,
    check_solution,
    others_of,
)

from claudebox_rl.tasks import Task, find_tasks

TASKS = find_tasks("bugfix")
BY_NAME = {task.path.name: task for task in TASKS}


def halves() -> list[object]:
    """Give each task's fix without one of its edits; all but the last of them are the slow sweep."""
    found: list[object] = []
    for name, task in BY_NAME.items():
        parts = parts_of((task.solution_dir / "solve.sh").read_text())
        for number, part in enumerate(parts, start=1):
            marks = [pytest.mark.slow] if number < len(parts) else []
            found.append(pytest.param(task, part, id=f"{name}-without-{number}", marks=marks))
    return found


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_fix_gets_everything(task: Task, tmp_path: Path):
    check_solution(task, tmp_path)


@pytest.mark.parametrize("other", others_of("bugfix"))
def test_right_work_of_another_style_gets_everything(other: Path, tmp_path: Path):
    check_solution(BY_NAME[other.parent.name], tmp_path, other.read_text())


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_doing_nothing_gets_nothing(task: Task, tmp_path: Path):
    check_nothing(task, tmp_path)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_visible_tests_fail_before_the_fix(task: Task, tmp_path: Path):
    assert task.environment_files is not None
    workdir = Path(shutil.copytree(task.environment_files, tmp_path / "workspace"))
    assert run_visible_tests(workdir).returncode == 1


@pytest.mark.parametrize(("task", "part"), halves())
def test_a_part_of_the_fix_is_not_enough(task: Task, part: str, tmp_path: Path):
    check_attempt(task, part, tmp_path)


@pytest.mark.parametrize("attempt", attempts_of("bugfix"))
def test_an_attempt_is_not_enough(attempt: Path, tmp_path: Path):
    check_attempt(BY_NAME[attempt.parent.name], attempt.read_text(), tmp_path)


def test_every_task_has_an_attempt_that_is_not_enough():
    in_parts = {name for name, task in BY_NAME.items() if parts_of((task.solution_dir / "solve.sh").read_text())}
    assert in_parts | attempted("bugfix") == set(BY_NAME)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_task_runs_without_an_image_and_without_a_network(task: Task):
    check_fields(task, "bugfix")


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_project_has_several_files(task: Task):
    assert task.environment_files is not None
    modules = [path for path in task.environment_files.rglob("*.py") if not path.name.startswith("test_")]
    assert 3 <= len(modules) <= 8


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_fix_gets_everything_in_a_sandbox(task: Task, local_sandbox: str):
    check_in_sandbox(task, local_sandbox, "oracle", 1.0)
