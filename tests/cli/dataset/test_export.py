from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl import TrajectoryExporter
from claudebox_rl.cli.main import main
from claudebox_rl.trajectory import EpisodeJournal, commit
from claudebox_rl.types import SUBMIT, Episode, Outcome, Step


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        journal = EpisodeJournal(tmp_path / "data", name)
        journal.add_step(Step(name, 0, {"instruction": "do"}, SUBMIT, 1.0, {"verifier": 1.0}, True, False))
        journal.finish(Episode(name, "run", "suite/task", Outcome.COMPLETED, 1.0, num_steps=1))
    commit(tmp_path / "data")
    return tmp_path / "data"


@pytest.mark.parametrize(("name", "more"), [("a.json", []), ("a.jsonl", []), ("a", ["--format", "jsonl"])])
def test_a_dataset_is_exported(dataset: Path, tmp_path: Path, capsys, name: str, more: list[str]) -> None:
    output = tmp_path / name
    assert main(["export", str(dataset), "-o", str(output), *more]) == 0
    assert TrajectoryExporter.load_trajectory(output)["trajectories_count"] == 2
    assert len(output.read_text().splitlines()) == 4 or name == "a.json"
    assert f"{output.stat().st_size} bytes" in capsys.readouterr().out


def test_one_episode(dataset: Path, tmp_path: Path) -> None:
    assert main(["export", str(dataset), "--episode", "tw", "-o", str(tmp_path / "b.json")]) == 0
    assert TrajectoryExporter.load_trajectory(tmp_path / "b.json")["episode_id"] == "two"


def test_what_is_not_there_is_bad_input(dataset: Path, tmp_path: Path, capsys) -> None:
    output = str(tmp_path / "c.json")
    assert main(["export", "no-such-session", "-o", output]) == 2
    assert "no session 'no-such-session'" in capsys.readouterr().err
    assert main(["export", str(dataset), "--episode", "three", "-o", output]) == 2
    assert not Path(output).exists()


@pytest.mark.parametrize(("name", "more"), [("a.md", []), ("a", ["--format", "markdown"])])
def test_a_transcript(dataset: Path, tmp_path: Path, name: str, more: list[str]) -> None:
    assert main(["export", str(dataset), "-o", str(tmp_path / name), *more]) == 0
    assert "# Episode `two`" in (tmp_path / name).read_text()


def test_a_folder_of_atif(dataset: Path, tmp_path: Path, capsys) -> None:
    assert main(["export", str(dataset), "--format", "atif", "-o", str(tmp_path / "atif")]) == 0
    assert sorted(path.name for path in (tmp_path / "atif").iterdir()) == ["one.json", "two.json"]
    assert "2 files of atif" in capsys.readouterr().out


def test_a_session_has_no_such_form(tmp_path: Path, capsys) -> None:
    assert main(["export", "some-session", "--format", "atif", "-o", str(tmp_path / "a")]) == 2
    assert "take json or jsonl" in capsys.readouterr().err
