"""`claudebox-rl tasks check`, from its arguments to its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_tasks import make_task

from claudebox_rl.cli.main import main

FEW = "solution,random,forged-reward,git-history"


def test_a_proved_suite(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("one", "two"):
        make_task(tmp_path / name)
    assert main(["tasks", "check", str(tmp_path), "--players", FEW, "--sandbox", local_sandbox]) == 0
    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines() if line.strip()]
    assert ["solution", "1.00"] in rows
    assert ["git-history", "-"] in rows
    assert ["one", "1.00", "0.00", "0.00", "0.00", "1/2", "proved"] in rows
    assert "2 tasks, 14 plays: all proved" in out
    assert "tasks a minute" in out
    assert sorted(err.splitlines()) == ["played: one", "played: two"]


def test_what_is_wrong_is_taught(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_task(tmp_path / "pays", 'echo "all fine"; echo 0.5 > "$LOGS/reward.txt"')
    assert main(["tasks", "check", str(tmp_path / "pays"), "--players", FEW, "--sandbox", local_sandbox]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "pays: doing nothing earns 0.5 instead of 0.0" in out
    assert "pays: the solution earns 0.5, 0.5, 0.5 instead of 1.0 each time" in out
    assert "| all fine" in out
    assert "1 with something wrong" in out


def test_json_has_every_play(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_task(tmp_path / "one")
    arguments = ["--players", "solution", "--repeat", "1", "--sandbox", local_sandbox, "--json"]
    assert main(["tasks", "check", str(tmp_path / "one"), *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(play["player"], play["reward"]) for play in document["plays"]] == [("solution", 1.0), ("nothing", 0.0)]
    assert document["findings"] == []
    assert document["elapsed_s"] > 0


@pytest.mark.parametrize(
    "arguments", [["--repeat", "0"], ["--sample", "0"], ["--players", "nobody"], ["--sandbox", "unsafe"]]
)
def test_bad_arguments(tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]):
    make_task(tmp_path / "one")
    assert main(["tasks", "check", str(tmp_path / "one"), *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_who_kept_the_verifier_from_its_verdict_is_named(
    local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    make_task(tmp_path / "one", "[ -e forged ] || echo 0 > $LOGS/reward.txt")
    arguments = ["--players", "linked-logs,random", "--sandbox", local_sandbox]
    assert main(["tasks", "check", str(tmp_path / "one"), *arguments]) == 0
    out = capsys.readouterr().out
    assert "no verdict, and so no gain:\n  linked-logs: one\n" in out


def test_a_sample_says_so(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_task(tmp_path / "one")
    assert main(["tasks", "check", str(tmp_path / "one"), "--sample", "2", "--sandbox", local_sandbox]) == 0
    out, err = capsys.readouterr()
    assert "1 tasks, 7 plays" in out
    assert "a sample: 2 of the shipped cheats on each task, drawn by the day 2" in err


def test_an_interrupt_ends_all_machines(local_sandbox: str, tmp_path: Path):
    make_task(tmp_path / "slow", solution="sleep 60")
    home = tmp_path / "home"
    command = [sys.executable, "-m", "claudebox_rl.cli.main", "tasks", "check", str(tmp_path / "slow")]
    checking = subprocess.Popen(
        [*command, "--sandbox", local_sandbox],
        env={**os.environ, "CLAUDEBOX_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    give_up = time.monotonic() + 30
    while not list(home.glob("machines/*.json")) and time.monotonic() < give_up:
        time.sleep(0.05)
    time.sleep(0.5)
    assert list(home.glob("machines/*.json"))
    checking.send_signal(signal.SIGINT)
    assert checking.wait(30) == 130
    assert checking.stderr is not None
    with checking.stderr as errors:
        assert errors.read() == "interrupted\n"
    assert not list(home.glob("machines/*.json"))


def test_of_all_tasks_those_that_cannot_be_played_here_are_named(
    local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    make_task(tmp_path / "one")
    lacks = make_task(tmp_path / "lacks").path / "task.toml"
    lacks.write_text(lacks.read_text().replace('["bash"]', '["bash", "no-such-browser"]'))
    monkeypatch.setattr("claudebox_rl.cli.tasks.chosen.shipped_suites", lambda: [str(tmp_path)])
    arguments = ["--players", "solution", "--repeat", "1", "--sandbox", local_sandbox]
    assert main(["tasks", "check", *arguments]) == 0
    out, err = capsys.readouterr()
    assert "1 tasks, 2 plays: all proved" in out
    assert "not played, as they can't be here: lacks\n" in out
    assert "not played: lacks: task lacks can't be played" in err
    assert "no-such-browser; install it" in err
    assert main(["tasks", "check", *arguments, "--json"]) == 0
    assert "no-such-browser" in json.loads(capsys.readouterr().out)["not_played"]["lacks"]
    assert main(["tasks", "check", str(tmp_path), *arguments]) == 2
    assert "no-such-browser" in capsys.readouterr().err
