"""Sweeps, as a user meets them."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from claudebox_rl import load_dataset
from claudebox_rl.cli.main import main

TWO_JOBS = ["agent=oracle,nop", "task=quickstart/fix-bug", "reward=success", "rollout.num_workers=0"]


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def episodes_of(folder: Path) -> list[tuple[str, float]]:
    episodes = load_dataset(folder / "dataset").episodes
    return sorted(zip(episodes["episode_id"].to_pylist(), episodes["started_at"].to_pylist(), strict=True))


def test_a_sweep_ends_in_one_table_and_one_dataset_and_is_not_played_again(
    local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sweep", *TWO_JOBS, f"sandbox={local_sandbox}", f"out={tmp_path}"]
    assert main(command) == 0
    assert "[2/2 jobs] agent=nop" in capsys.readouterr().out
    table, episodes = table_of(tmp_path), episodes_of(tmp_path)
    assert [(row["overrides.agent"], row["mean_return"], row["valid_share"], row["state"]) for row in table] == [
        ("oracle", "2.0", "1.0", "finished"),
        ("nop", "-1.0", "1.0", "finished"),
    ]
    sheet = duckdb.sql(f"select \"overrides.agent\", mean_return from '{tmp_path}/sweep.parquet'").fetchall()
    assert sheet == [("oracle", 2.0), ("nop", -1.0)]
    by_override = load_dataset(tmp_path / "dataset").with_overrides
    returns = by_override.select(["overrides.agent", "episode_return", "run_id"]).to_pylist()
    assert sorted((row["overrides.agent"], row["episode_return"]) for row in returns) == [
        ("nop", -1.0),
        ("oracle", 2.0),
    ]
    assert {row["run_id"] for row in returns} == {row["run_id"] for row in table}

    assert main(["sweep", *reversed(command[1:])]) == 0
    assert capsys.readouterr().out.count("finished before") == 2
    assert table_of(tmp_path) == table
    assert episodes_of(tmp_path) == episodes


def test_a_search_marks_the_best_job(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search = ["sweep.search=optuna", "sweep.trials=4", "sweep.seed=1"]
    assert main(["sweep", *TWO_JOBS, *search, f"sandbox={local_sandbox}", f"out={tmp_path}"]) == 0
    table = table_of(tmp_path)
    assert {row["overrides.agent"] for row in table} == {"oracle", "nop"}
    assert len(episodes_of(tmp_path)) == 2, "what was chosen again is not played again"
    (best,) = [line for line in capsys.readouterr().out.splitlines() if line.rstrip().endswith("best")]
    assert best.split()[0] == "oracle"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["agent=oracle,codex"], ["job agent=codex", "agent/codex", "oracle"]),
        (["reward=success,loc"], ["job reward=loc", "unknown reward 'loc'", "efficiency"]),
        (["agent.max_turns=3,x"], ["job agent.max_turns=x", "Integer"]),
        (["agent.max_turn=3,4"], ["job agent.max_turn=3", "max_turn", "known keys", "max_turns"]),
        (["model=nop,scripted", "sweep.search=optuna"], ["job model=scripted", "script"]),
        (["model=nop"], ["nothing is swept"]),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) and "=" in value[0] else "",
)
def test_any_jobs_bad_input_is_named_before_the_first_one_starts(
    arguments: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sweep"
    assert main(["sweep", "sandbox=unsafe", f"out={out}", *arguments]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert all(word in error for word in words), error
    assert not out.exists()


def test_a_plan_is_printed_and_not_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["sweep", "--plan", "sandbox=unsafe", "task=quickstart/fix-bug", "model=oracle,nop", "seed=range(0,3)"]
    assert main([*command, "rollout.episodes_per_task=5"]) == 0
    text = capsys.readouterr().out
    assert "6 jobs, 30 episodes" in text
    assert "model=nop seed=2" in text
    assert "sweeps/model-seed-" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("several", ["model=oracle,nop", "seed=range(0,3)"])
def test_a_rollout_with_several_values_points_here(several: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "sandbox=unsafe", several]) == 2
    assert "use `claudebox-rl sweep`" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["sweep", "--help"])
    text = capsys.readouterr().out
    assert all(word in text for word in ("model=oracle,nop", "sweep.search", "interval(", "sweep.jobs", "exit codes"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("num_workers", "end"), [(0, signal.SIGKILL), (2, signal.SIGKILL), (2, signal.SIGINT)])
def test_a_sweep_that_was_ended_plays_only_what_is_missing(
    local_sandbox: str, tmp_path: Path, num_workers: int, end: signal.Signals
) -> None:
    command = [
        sys.executable, "-m", "claudebox_rl.cli.main", "sweep", "agent=oracle,nop", "reward=success,step_penalty",
        "task=[quickstart/fix-bug,quickstart/parse-log]", f"rollout.num_workers={num_workers}", "sweep.jobs=2",
        f"sandbox={local_sandbox}", f"out={tmp_path}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run in the background
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("[1/4 jobs]"):
            break
    os.kill(process.pid, end)
    rest, _ = process.communicate(timeout=60)
    if end is signal.SIGINT:
        assert process.returncode == 130, rest
        assert "interrupted; go on with: claudebox-rl sweep agent=oracle,nop" in rest
    done = [folder.parent.name for folder in tmp_path.glob("jobs/*/done.json")]
    assert 0 < len(done) < 4
    finished = {row for row in episodes_of(tmp_path) if row[0].rsplit("-", 1)[-1] in done}

    again = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300, check=False)
    assert again.returncode == 0, again.stdout
    assert again.stdout.count("finished before") == len(done)
    assert [row["state"] for row in table_of(tmp_path)] == ["finished"] * 4
    assert [row["episodes"] for row in table_of(tmp_path)] == ["2"] * 4
    episodes = episodes_of(tmp_path)
    names = {name for name, _ in episodes}
    assert len(names) == len(episodes)
    assert len({name.removesuffix("-again") for name in names}) == 8
    assert finished <= set(episodes)
