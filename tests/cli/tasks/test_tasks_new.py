"""`claudebox-rl tasks new`: what it makes is proved as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl.cli.main import main
from claudebox_rl.tasks import load_task

FEW = "solution,random,own:*,visible-examples,edited-tests,patched-judge,late-writer-in-code"


def test_a_new_task_is_proved_as_it_stands(
    local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "plain-names"
    assert main(["tasks", "new", str(folder)]) == 0
    assert f"next: claudebox-rl tasks check {folder}" in capsys.readouterr().out
    assert main(["tasks", "check", str(folder), "--players", FEW, "--sandbox", local_sandbox]) == 0
    assert "5/5" in capsys.readouterr().out


def test_the_task_has_the_name_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert main(["tasks", "new", str(tmp_path / "mine")]) == 0
    task = load_task(tmp_path / "mine")
    assert (task.task_id, task.name) == ("mine", "mine/mine")
    assert not [path for path in task.path.rglob("*") if path.is_file() and "@NAME@" in path.read_text()]


@pytest.mark.parametrize(("name", "says"), [("full", "is there already"), ("a b", "can't be the name of a task")])
def test_a_path_that_can_not_be(tmp_path: Path, name: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert main(["tasks", "new", str(tmp_path / name)]) == 2
    assert says in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full"]
