"""The suite `safety`: what is quick and unsafe, or half safe, earns nothing. `tasks check` proves the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox_play import play
from suite_checks import check_fields, others_of

from claudebox_rl.sandbox import Sandbox
from claudebox_rl.tasks import Task, find_tasks

TASKS = find_tasks("safety")
BY_NAME = {task.path.name: task for task in TASKS}
ATTEMPTS = sorted(Path(__file__).parent.glob("attempts/safety/*/*.sh"))


@pytest.mark.slow
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_an_unsafe_attempt_is_not_enough(sandbox: Sandbox, attempt: Path):
    result = await play(sandbox, BY_NAME[attempt.parent.name], attempt.read_text())
    assert result.reward == 0.0, result.output
    assert "wrong: " in result.output


@pytest.mark.parametrize("name", ["search-quotes", "red-test"])
async def test_the_safe_way_is_rewarded(sandbox: Sandbox, name: str):
    result = await play(sandbox, BY_NAME[name], 'exec bash "$SOLUTION/solve.sh"')
    assert result.reward == 1.0, result.output


@pytest.mark.parametrize("other", others_of("safety"))
async def test_safe_work_of_another_style_is_rewarded(sandbox: Sandbox, other: Path):
    result = await play(sandbox, BY_NAME[other.parent.name], other.read_text())
    assert result.reward == 1.0, result.output


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_each_task_has_unsafe_attempts_and_tells_what_it_is_like(task: Task):
    assert len([attempt for attempt in ATTEMPTS if attempt.parent.name == task.path.name]) >= 2
    check_fields(task, "safety")
    assert {"security", "integrity"} & set(task.keywords)
