"""What all tasks share is the same file in each of them."""

from __future__ import annotations

import pytest

from claudebox_rl.tasks import find_tasks, shipped_suites

TASKS = find_tasks(shipped_suites())
FIRST = next(task for task in TASKS if task.task_id == "quickstart/fix-bug")


@pytest.mark.parametrize("name", ["judging.py", "test.sh"])
def test_the_tasks_share_one_file(name: str):
    shared = (FIRST.tests_dir / name).read_bytes()
    others = [task.task_id for task in TASKS if (task.tests_dir / name).read_bytes() != shared]
    assert not others, f"{name} of {', '.join(others)} is another one: run tools/share-judging"
