"""`claudebox-rl dataset`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claudebox_rl.cli.main import main
from claudebox_rl.trajectory import EpisodeJournal, commit, load_dataset
from claudebox_rl.types import Episode, Outcome


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    for name, value in (("a", 1.0), ("b", 0.0)):
        with EpisodeJournal(tmp_path / "data", name) as file:
            file.finish(Episode(name, "run", f"suite/{name}", Outcome.COMPLETED, value, started_at=1.0, ended_at=2.5))
        commit(tmp_path / "data")
    return str(tmp_path / "data")


def test_stats(dataset: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "stats", dataset]) == 0
    assert "suite/a" in capsys.readouterr().out
    assert main(["dataset", "stats", dataset, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["total"]["return_mean"], told["total"]["duration_s"]) == (0.5, 3.0)


def test_compact(dataset: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "compact", dataset]) == 0
    assert "2 parts of" in capsys.readouterr().out
    assert main(["dataset", "compact", dataset, "--target-mib", "0"]) == 2
    assert len(load_dataset(dataset)) == 2


def test_verify_and_repair(dataset: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "verify", dataset]) == 0
    (Path(dataset) / "steps" / ".part-1.parquet.inprogress").touch()
    assert main(["dataset", "verify", dataset, "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert finding["problem"] == "temporary"
    assert main(["dataset", "verify", dataset]) == 1
    assert main(["dataset", "repair", dataset]) == 0
    assert main(["dataset", "verify", dataset]) == 0


def test_merge_split_and_filter(dataset: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = [str(tmp_path / name) for name in ("merged", "parted", "good")]
    assert main(["dataset", "merge", dataset, "--into", into[0]]) == 0
    assert main(["dataset", "split", dataset, "x=0.5", "y=0.5", "--into", into[1]]) == 0
    assert main(["dataset", "filter", dataset, "--into", into[2], "--min-return", "1", "--valid"]) == 0
    assert load_dataset(into[2]).episode_ids == ("a",)
    assert len(load_dataset(into[0])) == 2
    assert "1 episodes copied" in capsys.readouterr().out
    assert main(["dataset", "split", dataset, "x=half", "--into", into[1]]) == 2
