"""Rows in the shapes that datasets like SWE-bench have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_task_rows import FILES, SOLVED, git, make_row, write, write_rows

from claudebox_rl.checking import check_tasks, choose_players, find, players_of
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import TaskError
from claudebox_rl.tasks.rows import import_rows, read_rows

Row = dict[str, Any]
LISTS = {"FAIL_TO_PASS": ["tests/a.py::test_a[x-1]"], "PASS_TO_PASS": ["tests/a.py::Case::test_b"]}


def swe_bench_verified(row: Row) -> Row:
    named = {name: json.dumps(tests) for name, tests in LISTS.items()}
    more = {"hints_text": "", "created_at": "2020", "version": "1.0", "environment_setup_commit": "0" * 40}
    return row | named | more | {"difficulty": "<15 min fix"}


def swe_gym(row: Row) -> Row:
    return row | LISTS | {"hints_text": "", "created_at": "2020", "version": "1.0"}


def swe_rebench(row: Row) -> Row:
    more = {"environment_setup_commit": None, "install_config": {"python": "3.9"}, "meta": {"is_lite": True}}
    return row | LISTS | more | {"docker_image": "swerebench/sweb.eval.x86_64.owner_1776_purse-1"}


def swe_bench_pro(row: Row) -> Row:
    row = {name: value for name, value in row.items() if name not in LISTS}
    return row | {name.lower(): str(tests) for name, tests in LISTS.items()} | {"dockerhub_tag": "owner.purse"}


@pytest.mark.parametrize("shape", [swe_bench_verified, swe_gym, swe_rebench, swe_bench_pro])
def test_rows_that_mend(tmp_path: Path, shape: Callable[[Row], Row]):
    (row,) = read_rows(write_rows(tmp_path, shape(make_row(tmp_path))))
    assert (row.fail_to_pass, row.pass_to_pass) == (("tests/a.py::test_a[x-1]",), ("tests/a.py::Case::test_b",))
    assert (row.runner, row.is_bug) == ("pytest", False)
    assert row.image == ("swerebench/sweb.eval.x86_64.owner_1776_purse-1" if shape is swe_rebench else None)


def make_bug(folder: Path) -> Row:
    """Make a repository that is right, and a row as SWE-smith's, whose patch takes that away."""
    repo = folder / "owner__purse.1fd52536"
    write(repo, {**FILES, **{name: text for name, text in SOLVED.items() if text}})
    git(repo, "init", "-q")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "first")
    write(repo, {"purse/split.py": "def split(total, heads):\n    return [total] * heads\n"})
    patch = git(repo, "diff")
    git(repo, "reset", "-q", "--hard")
    return {
        "instance_id": "owner__purse.1fd52536.func_basic__09vlzwgc",
        "patch": patch,
        "FAIL_TO_PASS": ["tests.test_split.Split.test_even"],
        "PASS_TO_PASS": [],
        "image_name": "swebench/swesmith.x86_64.owner_1776_purse.1fd52536",
        "repo": "swesmith/owner__purse.1fd52536",
        "problem_statement": "`split` gives all to everybody.",
    }


async def test_a_row_whose_patch_makes_the_bug(local_sandbox: str, tmp_path: Path):
    (task,) = import_rows(write_rows(tmp_path, make_bug(tmp_path)), tmp_path / "tasks")
    assert "[total] * heads" in (task.path / "environment/purse/split.py").read_text()
    assert not (task.path / "environment/tests/test_split.py").exists()
    assert "divmod" in (task.solution_dir / "files/purse/split.py").read_text()
    assert not (task.solution_dir / "patch.diff").exists()
    assert task.image == "swebench/swesmith.x86_64.owner_1776_purse.1fd52536"
    players = choose_players(players_of(task, 1), ["solution", "random", "always-equal"])
    plays = await check_tasks([(task, players)], SandboxConfig(local_sandbox), lambda play: None)
    assert find(plays) == [], find(plays)


def test_a_bug_that_no_test_of_the_repository_finds(tmp_path: Path):
    row = make_bug(tmp_path) | {"FAIL_TO_PASS": ["tests.elsewhere.Case.test_a"]}
    with pytest.raises(TaskError, match="the repository has none of the tests of FAIL_TO_PASS"):
        import_rows(write_rows(tmp_path, row), tmp_path / "tasks")
    del row["image_name"]
    with pytest.raises(TaskError, match=r"has no column base_commit, test_patch; needed: .*beside image_name"):
        read_rows(write_rows(tmp_path, row))


def test_some_rows_of_a_file(tmp_path: Path):
    good = make_row(tmp_path)
    bad = good | {"instance_id": "sympy__sympy-1", "FAIL_TO_PASS": '["test_args"]'}
    rows = write_rows(tmp_path, bad, good)
    (task,) = import_rows(rows, tmp_path / "tasks", only=["owner__*"])
    assert task.task_id == "owner__purse-1"
    with pytest.raises(TaskError, match=r"no instance_id matches django__\*; the first is 'sympy__sympy-1'"):
        read_rows(rows, ["django__*"])
