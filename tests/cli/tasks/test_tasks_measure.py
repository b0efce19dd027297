"""`claudebox-rl tasks measure`."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_tasks import make_task

from claudebox_rl.cli.main import main
from claudebox_rl.tasks import load_task


def test_rates_are_printed_and_written_if_asked(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_task(tmp_path / "one")
    arguments = ["tasks", "measure", str(tmp_path / "one"), "--episodes", "2", "--sandbox", local_sandbox]
    assert main(arguments) == 0
    row = next(line.split() for line in capsys.readouterr().out.splitlines() if line.strip().startswith("one"))
    assert load_task(tmp_path / "one").pass_rates == {}
    assert main([*arguments, "--write"]) == 0
    written = load_task(tmp_path / "one").pass_rates
    assert [f"{rate:.2f}" for rate in written.values()] == row[1:]
    assert list(written) == ["careless-0.1", "careless-0.3", "careless-0.5"]


def test_lost_verdicts_are_told(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_task(tmp_path / "mute", "true")
    assert main(["tasks", "measure", str(tmp_path / "mute"), "--episodes", "1", "--sandbox", local_sandbox]) == 1
    assert "wrote neither" in capsys.readouterr().out
    assert main(["tasks", "measure", str(tmp_path / "mute"), "--episodes", "0"]) == 2
