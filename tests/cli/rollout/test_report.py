"""The report, on a dataset that the quickstart tasks left, played by their own solutions."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl import load_dataset
from claudebox_rl.cli.main import main
from claudebox_rl.trajectory.timing import episode_times


@pytest.fixture(scope="module")
def played(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "data"
    tasks = "task=[quickstart/fix-bug,quickstart/data-question]"
    assert main(["rollout", tasks, f"sandbox={local_sandbox}", "rollout.num_workers=0", f"out={out}"]) == 0
    return out


def test_the_parts_are_the_whole(played: Path) -> None:
    dataset = load_dataset(played)
    times = episode_times(dataset)
    assert [one.total for one in times] == pytest.approx([e.ended_at - e.started_at for e in dataset.summaries()])
    assert all(min(one.start, one.setup, one.model, one.tools, one.agent, one.verify) > 0 for one in times)


def test_shares_and_percentiles_are_printed(played: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(played)]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["time", "of", "2", "episodes", "share", "seconds", "p50", "s", "p95", "s"]
    cells = {name: values for name, *values in map(str.split, rows)}
    assert list(cells) == ["queue", "start", "set-up", "model", "tools", "agent", "verifier", "rest", "all"]
    shares = {name: float(values[0].rstrip("%")) for name, values in cells.items()}
    assert sum(shares.values()) - shares["all"] == pytest.approx(100, abs=0.5)
    assert shares["all"] == 100
    total = sum(one.total for one in episode_times(load_dataset(played)))
    assert float(cells["all"][1]) == pytest.approx(total, abs=0.06)


def test_a_run_that_is_not_there_is_said(played: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_id,) = {episode.run_id for episode in load_dataset(played).summaries()}
    assert main(["report", str(played), "--run", run_id]) == 0
    assert main(["report", str(played), "--run", "no-such"]) == 2
    assert "no episode of run 'no-such'" in " ".join(capsys.readouterr().err.split())
    assert main(["report", str(played / "nothing")]) == 2
