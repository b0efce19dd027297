"""Each task of the suite `data`: its solution 1.0, nothing 0.0, what a hasty look at the data would give 0.0."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
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

TASKS = find_tasks("data")
BY_NAME = {task.path.name: task for task in TASKS}

GIVEN = """
import json, sys
sys.path.insert(0, sys.argv[1])
import judge
files, wanted = judge.build(judge.GIVEN)
if isinstance(files, dict):
    files = {name: data.decode("latin-1") for name, data in files.items()}
json.dump([files, wanted, getattr(judge, "DATABASE", None)], sys.stdout)
"""


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_solution_gets_everything(task: Task, tmp_path: Path):
    check_solution(task, tmp_path)


@pytest.mark.parametrize("other", others_of("data"))
def test_right_work_of_another_style_gets_everything(other: Path, tmp_path: Path):
    check_solution(BY_NAME[other.parent.name], tmp_path, other.read_text())


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_doing_nothing_gets_nothing(task: Task, tmp_path: Path):
    check_nothing(task, tmp_path)


@pytest.mark.parametrize("attempt", attempts_of("data"))
def test_an_attempt_is_not_enough(attempt: Path, tmp_path: Path):
    check_attempt(BY_NAME[attempt.parent.name], attempt.read_text(), tmp_path)


def test_each_task_has_attempts_and_one_of_them_knows_the_answer_about_the_given_data():
    assert attempted("data") == set(BY_NAME)
    assert attempted("data", "hard-coded") == set(BY_NAME)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_task_runs_without_an_image_and_without_a_network(task: Task):
    check_fields(task, "data")


def test_the_tasks_share_what_judges_them():
    check_shared_files(TASKS)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_given_data_are_of_the_shape_that_is_judged(task: Task):
    command = [sys.executable, "-B", "-c", GIVEN, str(task.tests_dir)]
    files, wanted, database = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert task.environment_files is not None
    expected = json.loads((task.environment_files / "expected.json").read_text())
    if database is None:
        assert expected == wanted
        folder = task.environment_files / "data"
        assert {path.name for path in folder.iterdir()} == set(files)
        for name, text in files.items():
            # How SQLite lays out a file depends on its version.
            if not name.endswith(".db"):
                assert (folder / name).read_bytes() == text.encode("latin-1")
    else:
        assert expected["rows"] == wanted
        given = sqlite3.connect((task.environment_files / database).as_uri() + "?mode=ro", uri=True)
        made = sqlite3.connect(":memory:")
        made.executescript(files)
        assert list(given.iterdump()) == list(made.iterdump())
        given.close()
        made.close()


def test_the_given_orders_are_parquet_for_others_too():
    folder = BY_NAME["order-columns"].environment_files
    assert folder is not None
    rows = [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]
    latest = {row["id"]: row for row in sorted(rows, key=lambda row: row["at"])}
    paid = [row["cents"] for row in latest.values() if row["paid"] and row["cents"] is not None]
    expected = json.loads((folder / "expected.json").read_text())
    assert (expected["orders"], expected["paid_cents"]) == (len(latest), sum(paid))


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_a_played_episode_is_judged_the_same(task: Task, local_sandbox: str):
    check_in_sandbox(task, local_sandbox, "oracle", 1.0)
    check_in_sandbox(task, local_sandbox, "nop", 0.0)
