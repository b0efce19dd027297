"""Runs that are started again on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl.cli.main import main
from claudebox_rl.trajectory import load_dataset

NOP = ["agent=nop", "sandbox=local", "task=quickstart/fix-bug", "rollout.num_workers=0", "run=exp"]


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("local_sandbox")
def test_a_run_is_played_once_and_grows_and_stays_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "data"
    assert main(["rollout", *NOP, f"out={out}"]) == 0
    assert main(["rollout", *NOP, f"out={out}"]) == 0
    assert "0 episodes (1 of 1 are stored or given up)" in said(capsys)
    assert main(["rollout", "--resume", str(out), "rollout.episodes_per_task=2"]) == 0
    assert "1 episodes (1 of 2 are stored or given up)" in said(capsys)
    dataset = load_dataset(out)
    assert sorted(dataset.episode_ids) == ["fix-bug-0-exp", "fix-bug-1-exp"]
    first, second = (dataset[episode_id].episode for episode_id in sorted(dataset.episode_ids))
    assert first.overrides == second.overrides == (*NOP, f"out={out}")
    assert (second.seed, second.config["run"], second.config["sandbox"]["name"]) == (1, "exp", "local")

    for change, message in {
        "seed=3": "seed (0 before, 3 now)",
        "agent=nop": "single settings",
        "nonsense=1": "nonsense",
        "run=other": "there are exp: choose one by run=",
    }.items():
        assert main(["rollout", "--resume", str(out), change]) == 2
        assert message in " ".join(capsys.readouterr().err.split())
