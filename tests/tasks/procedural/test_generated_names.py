"""From selectors of generated tasks to tasks, and where they lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from claudebox_rl.cli.schema import load_config
from claudebox_rl.errors import ClaudeBoxError, TaskError
from claudebox_rl.tasks import find_tasks
from claudebox_rl.tasks.procedural import FAMILIES, generate, shelf
from claudebox_rl.tasks.procedural.names import Name, names_of


def test_what_is_left_out_is_all_families_all_difficulties_and_seed_0():
    assert names_of("procedural") == [Name(family, each, 0) for family in sorted(FAMILIES) for each in range(1, 6)]
    assert names_of("procedural/regex") == [Name("regex", each, 0) for each in range(1, 6)]
    assert names_of("procedural/regex-3") == [Name("regex", 3, 0)]


def test_numbers_may_be_ranges():
    assert names_of("procedural/regex-3-17") == [Name("regex", 3, 17)]
    assert names_of("procedural/regex-2..3-8..9") == [Name("regex", d, s) for d in (2, 3) for s in (8, 9)]
    assert names_of("procedural/any-3-5") == [Name(family, 3, 5) for family in sorted(FAMILIES)]


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("procedural/poetry", "unknown task_family 'poetry'; known: .*regex"),
        ("procedural/regex-x", r"not of the form procedural/FAMILY-DIFFICULTY-SEED, such as procedural/sql-3-0\.\.99"),
        ("procedural/regex-0", "difficulty that there isn't: they go from 1 to 5"),
        ("procedural/regex-4..6", "difficulty that there isn't"),
        ("procedural/regex-1-9..3", "ends before it begins"),
        ("procedural/regex-1-0..100000", "at most 100000"),
        ("procedural/regex/3", "not of the form"),
    ],
)
def test_a_selector_that_names_nothing_says_why(selector: str, said: str):
    with pytest.raises(ClaudeBoxError, match=said):
        names_of(selector)


def test_hydra_takes_names_and_ranges_without_quotes():
    assert load_config(["task=procedural/regex-1..3-0..99"]).task == "procedural/regex-1..3-0..99"
    assert load_config(["task=[quickstart,procedural/any-2-0..9]"]).task == ["quickstart", "procedural/any-2-0..9"]


def test_a_generated_task_is_an_ordinary_task():
    (task,) = find_tasks("procedural/regex-2-5")
    assert task.task_id == "procedural/regex-2-5"
    assert task.name == "claudebox/regex-2-5"
    assert task.metadata["procedural"] == {"family": "regex", "difficulty": 2, "seed": 5, "version": 2}
    assert task.expected_s
    assert find_tasks(str(task.path)) == [task]
    assert find_tasks(task.task_id) == [task]


def test_an_unknown_task_is_told_of_generated_ones():
    with pytest.raises(TaskError, match="generated tasks: procedural"):
        find_tasks("no-such-task")


def test_a_task_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    folder = shelf.place(Name("regex", 1, 4))
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == (
        generate("regex", 1, 4)
    )
    monkeypatch.setattr(shelf, "generate", lambda *_: pytest.fail("made again"))
    assert shelf.place(Name("regex", 1, 4)) == folder


def test_other_generators_never_find_the_tasks_of_these(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    before = shelf.place(Name("regex", 1, 4))
    monkeypatch.setattr(shelf, "_edition", lambda: "later")
    assert shelf.place(Name("regex", 1, 4)) != before


def test_processes_that_make_the_same_task_at_once_all_find_it_whole(tmp_path: Path):
    code = (
        "from claudebox_rl.tasks import find_tasks; print(*(t.path for t in find_tasks('procedural/any-1..3-0..19')))"
    )
    env = {"CLAUDEBOX_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    at_once = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env) for _ in range(3)
    ]
    printed = [process.communicate(timeout=120)[0] for process in at_once]
    assert [process.returncode for process in at_once] == [0, 0, 0]
    assert len(set(printed)) == 1
    folders = [Path(path) for path in printed[0].split()]
    assert len(folders) == len(set(folders)) == 60 * len(FAMILIES)
    assert not list(folders[0].parent.glob(".partial-*"))


def test_a_folder_that_can_not_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "file"))
    with pytest.raises(TaskError, match=r"the generated task regex-1-4 can't be written to .*file/procedural"):
        shelf.place(Name("regex", 1, 4))
