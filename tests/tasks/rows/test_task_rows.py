"""Rows as SWE-bench has them, over a small repository made up here: from the Parquet file to proved tasks."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from claudebox_rl.checking import check_tasks, choose_players, find, players_of
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import TaskError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.tasks.rows import import_rows, read_rows

FILES = {
    "purse/__init__.py": "",
    "purse/split.py": "def split(total, heads):\n    return [total // heads] * heads\n",
    "purse/old.py": "# Of no use.\n",
    "tests/__init__.py": "",
    "tests/test_split.py": "import unittest\nfrom purse.split import split\n\n\nclass Split(unittest.TestCase):\n"
    "    def test_even(self):\n        self.assertEqual(split(6, 3), [2, 2, 2])\n",
    "Dockerfile": "FROM scratch\n",
}
SOLVED = {
    "purse/split.py": "def split(total, heads):\n    if heads < 1:\n        raise ValueError(heads)\n"
    "    share, rest = divmod(total, heads)\n    return [share + (i < rest) for i in range(heads)]\n",
    "purse/old.py": None,
}
TESTED = {
    "tests/test_split.py": FILES["tests/test_split.py"] + "\n    def test_rest(self):\n"
    "        self.assertEqual(split(7, 3), [3, 2, 2])\n\n"
    "    def test_nobody(self):\n        with self.assertRaises(ValueError):\n            split(1, 0)\n"
}


def git(folder: Path, *arguments: str) -> str:
    own = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "PATH": os.environ["PATH"],
    }
    own |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    return subprocess.run(["git", *arguments], cwd=folder, env=own, check=True, capture_output=True, text=True).stdout


def write(folder: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink() if text is None else (folder / name).write_text(text)


def make_row(folder: Path) -> dict[str, Any]:
    """Make a repository `owner/purse` with one commit, and a row whose patches go on from there."""
    repo = folder / "owner__purse"
    write(repo, dict(FILES))
    git(repo, "init", "-q")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "first")
    patches: list[str] = []
    for change in (SOLVED, TESTED):
        write(repo, change)
        git(repo, "add", "-A")
        patches.append(git(repo, "diff", "--cached"))
        git(repo, "reset", "-q", "--hard")
    return {
        "instance_id": "owner__purse-1",
        "repo": "owner/purse",
        "base_commit": git(repo, "rev-parse", "HEAD").strip(),
        "problem_statement": "`split` loses the rest of a sum.\n\nIt should refuse to split among nobody.",
        "patch": patches[0],
        "test_patch": patches[1],
        "FAIL_TO_PASS": json.dumps(["test_rest (tests.test_split.Split)", "tests.test_split.Split.test_nobody"]),
        "PASS_TO_PASS": json.dumps(["tests.test_split.Split.test_even"]),
        "hints_text": "",
    }


def write_rows(folder: Path, *rows: dict[str, Any]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / "rows.parquet")
    return folder / "rows.parquet"


def test_a_row_becomes_a_task(tmp_path: Path):
    (task,) = import_rows(write_rows(tmp_path, make_row(tmp_path)), tmp_path / "tasks")
    assert task.path == tmp_path / "tasks" / "owner__purse-1"
    assert task.instruction.startswith("`split` loses the rest of a sum.")
    assert task.description == "`split` loses the rest of a sum."
    assert task.network == "none"
    given = {path.relative_to(task.path / "environment").as_posix() for path in task.path.glob("environment/**/*.py")}
    assert given == {name for name in FILES if name.endswith(".py")}
    assert not (task.path / "environment" / ".git").exists()
    assert not task.has_dockerfile
    assert "test_rest" not in (task.path / "environment/tests/test_split.py").read_text()
    spec = json.loads((task.tests_dir / "row.json").read_text())
    assert spec["fail_to_pass"] == ["tests.test_split.Split.test_rest", "tests.test_split.Split.test_nobody"]
    assert spec["controlled"] == spec["fail_to_pass"]


CHEATS = [
    *("always-equal", "patched-assertions", "hard-exit", "exit-on-import", "conftest", "edited-tests", "deleted-tests"),
    *(
        "visible-examples",
        "site-files",
        "patched-judge",
        "late-writer-in-code",
        "shadowed-modules",
        "poisoned-bytecode",
    ),
]


async def test_the_task_is_proved(local_sandbox: str, tmp_path: Path):
    (task,) = import_rows(write_rows(tmp_path, make_row(tmp_path)), tmp_path / "tasks")
    players = choose_players(players_of(task, 1), ["solution", "random", *CHEATS])
    plays = await check_tasks([(task, players)], SandboxConfig(local_sandbox), lambda play: None)
    assert find(plays) == [], find(plays)
    assert {play.player: play.reward for play in plays}["solution"] == 1.0
    tried = {play.player for play in plays if not play.skipped}
    assert tried >= set(CHEATS) - {"visible-examples"}


FORGERS = ("always-equal", "patched-assertions")


@pytest.mark.parametrize("is_controlled", [True, False])
async def test_only_other_expectations_find_out_what_passes_every_test(
    local_sandbox: str, tmp_path: Path, is_controlled: bool
):
    row = make_row(tmp_path) | {"FAIL_TO_PASS": ["tests.test_split.Split.test_rest"]}
    row["PASS_TO_PASS"] = ["tests.test_split.Split.test_even"]
    (task,) = import_rows(write_rows(tmp_path, row), tmp_path / "tasks")
    if not is_controlled:
        spec = task.tests_dir / "row.json"
        spec.write_text(json.dumps(json.loads(spec.read_text()) | {"controlled": []}))
    players = choose_players(players_of(task, 1), ["solution", *FORGERS])
    plays = await check_tasks([(task, players)], SandboxConfig(local_sandbox), lambda play: None)
    rewards = {play.player: play.reward for play in plays}
    gain = 0.0 if is_controlled else 1.0
    assert rewards == {"solution": 1.0, "nothing": 0.0, **dict.fromkeys(FORGERS, gain)}


async def test_tests_of_pytest(local_sandbox: str, tmp_path: Path):
    """Where the machine has no pytest, there is no verdict."""
    test = "tests/test_split.py::Split::test_rest"
    row = make_row(tmp_path) | {"FAIL_TO_PASS": [test], "PASS_TO_PASS": []}
    (task,) = import_rows(write_rows(tmp_path, row), tmp_path / "tasks")
    players = choose_players(players_of(task, 1), ["solution", "conftest", *FORGERS])
    plays = await check_tasks([(task, players)], SandboxConfig(local_sandbox), lambda play: None)
    async with sandbox_class(local_sandbox)() as machine:
        has_pytest = (await machine.exec(["python3", "-c", "import pytest"])).exit_code == 0
    if has_pytest:
        assert find(plays) == []
    else:
        assert all("need pytest" in play.why for play in plays)


def test_a_folder_and_an_archive_are_snapshots_too(tmp_path: Path):
    row = make_row(tmp_path)
    with tarfile.open(tmp_path / "packed.tar.gz", "w:gz") as archive:
        for name, text in FILES.items():
            write(tmp_path / "plain", {name: text})
            archive.add(tmp_path / "plain" / name, f"purse-1.0/{name}")
    rows = [row | {"instance_id": repo, "repo": repo} for repo in ("owner__purse", "plain", "packed")]
    tasks = import_rows(write_rows(tmp_path, *rows), tmp_path / "tasks")
    given = [(task.path / "environment" / "purse" / "split.py").read_text() for task in tasks]
    assert given == [FILES["purse/split.py"]] * 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"repo": "owner/other"}, "no repository 'owner/other'"),
        ({"repo": "../outside"}, "no repository|lies outside"),
        ({"base_commit": "0" * 40}, "has no commit 0000"),
        ({"base_commit": "--output=x"}, "no commit's hexadecimal name"),
        ({"patch": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"}, "patch does not apply: error: x: No such file"),
        ({"patch": " "}, "patch must be text"),
        ({"instance_id": "a/b"}, "can't be a folder's name"),
        ({"FAIL_TO_PASS": "[]"}, "FAIL_TO_PASS names no test"),
        ({"FAIL_TO_PASS": "test_a"}, "FAIL_TO_PASS: is no JSON"),
        ({"FAIL_TO_PASS": ["test_args"]}, "'test_args' says not where its test stands .*; leave the row out by --only"),
        ({"PASS_TO_PASS": ["A sum of nothing (of any kind) is zero."]}, "says not where its test stands"),
        ({"problem_statement": ""}, "problem_statement must be text, not ''; leave the row out by --only"),
        ({"PASS_TO_PASS": '["tests/a.py::test"]'}, "beside tests of unittest"),
    ],
)
def test_a_row_that_can_not_be_is_refused(tmp_path: Path, change: dict[str, str], says: str):
    rows = write_rows(tmp_path, make_row(tmp_path) | change)
    with pytest.raises(TaskError, match=says):
        import_rows(rows, tmp_path / "tasks")
    assert list((tmp_path / "tasks").glob("*")) == []


def test_files_that_are_no_rows(tmp_path: Path):
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(TaskError, match=r"can't read .*text\.parquet as Parquet"):
        read_rows(tmp_path / "text.parquet")
    row = make_row(tmp_path)
    with pytest.raises(TaskError, match="several rows are called 'owner__purse-1'"):
        read_rows(write_rows(tmp_path, row, row))
    del row["patch"], row["repo"]
    with pytest.raises(
        TaskError, match=r"has no column repo, patch; needed: instance_id.*It has: instance_id, .*Rename"
    ):
        read_rows(write_rows(tmp_path, row))


def test_what_is_there_stays(tmp_path: Path):
    rows = write_rows(tmp_path, make_row(tmp_path))
    import_rows(rows, tmp_path / "tasks")
    with pytest.raises(TaskError, match="is there already"):
        import_rows(rows, tmp_path / "tasks")
