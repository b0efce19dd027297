"""The command line, as a user meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psutil
import pytest

from claudebox_rl import load_dataset
from claudebox_rl.cli.main import main
from claudebox_rl.types import Outcome


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["task=no-such"], ["no-such", "quickstart"]),
        (["task=quickstart/no-such"], ["no-such", "fix-bug"]),
        (["model=gpt"], ["model/gpt", "oracle", "anthropic", "nop", "scripted"]),
        (["sandbox=docker"], ["sandbox/docker", "local", "boxlite", "unsafe"]),
        (["agent=codex"], ["agent/codex", "claude", "oracle"]),
        (["reward=[loc]"], ["unknown reward 'loc'", "step_penalty"]),
        (["policy=none"], ["policy/none", "instruction", "llm"]),
        (["policy.name=none"], ["unknown policy 'none'", "instruction"]),
        (["policy=scripted"], ["script"]),
        (["policy=scripted", "policy.options.script=no-such.yaml"], ["no-such.yaml"]),
        (["policy=random", "policy.options.submit_probability=2"], ["submit_probability", "0 to 1"]),
        (["policy=random", "+policy.options.rate=2"], ["policy random", "rate"]),
        (["policy=llm"], ["ANTHROPIC_API_KEY"]),
        (["modl=nop"], ["modl", "known keys", "model"]),
        (["rollout.num_worker=3"], ["num_worker", "num_workers", "episodes_per_task"]),
        (["rollout.num_workers=-1"], ["rollout.num_workers", "at least 0"]),
        (["rollout.episodes_per_task=0"], ["episodes_per_task", "at least 1"]),
        (["seed=x"], ["seed", "Integer"]),
        (["max_steps=0"], ["max_steps"]),
        (["model=anthropic"], ["ANTHROPIC_API_KEY"]),
        (["model=scripted"], ["script"]),
        (["sandbox=local", "sandbox.image=python"], ["image"]),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) and "=" in value[0] else "",
)
def test_bad_input_is_named_before_anything_starts(
    overrides: list[str], words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sandbox = [] if any(o.startswith("sandbox") for o in overrides) else ["sandbox=unsafe"]
    assert main(["rollout", f"out={tmp_path}/data", *sandbox, *overrides]) == 2
    error = capsys.readouterr().err
    flat = " ".join(error.split())
    assert all(word in flat for word in words), error
    assert "Traceback" not in error
    assert not (tmp_path / "data").exists()


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["rollout", "--help"])
    text = capsys.readouterr().out
    assert all(
        word in text for word in ("model=anthropic", "rollout.num_workers", "sandbox=auto", "exit codes", "out=")
    )


def test_the_config_can_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "--config", "model=nop", "seed=4"]) == 0
    assert "seed: 4" in capsys.readouterr().out


def test_tasks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks"]) == 0
    assert "quickstart/fix-bug" in capsys.readouterr().out
    assert main(["tasks", "list", "no-such"]) == 2


def test_a_rollout_in_this_process(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "data"
    arguments = [
        "rollout",
        "task=[quickstart/fix-bug,quickstart/parse-log]",
        "agent=oracle",
        f"sandbox={local_sandbox}",
    ]
    assert main([*arguments, "rollout.num_workers=0", "rollout.episodes_per_task=2", f"out={out}"]) == 0
    text = capsys.readouterr().out
    assert "[4/4]" in text
    assert "sandbox: local (as configured)" in text
    rows = duckdb.sql(f"select task_id, episode_return, isolation from '{out}/episodes/*.parquet'").fetchall()
    assert sorted(rows) == [
        ("quickstart/fix-bug", 1.0, "namespace"),
        ("quickstart/fix-bug", 1.0, "namespace"),
        ("quickstart/parse-log", 1.0, "namespace"),
        ("quickstart/parse-log", 1.0, "namespace"),
    ]
    assert main(["show", str(out)]) == 0
    assert "quickstart/parse-log" in capsys.readouterr().out
    assert main(["show", str(out), "parse-log-1"]) == 0
    assert "solve.sh" in capsys.readouterr().out


def test_a_broken_model_is_exit_code_1_and_a_summary(
    local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "turns.yaml"
    script.write_text("- {status: 401, error: no such key, repeat: true}\n")
    arguments = ["model=scripted", f"model.options.script={script}", "agent.max_retries=0", "rollout.num_workers=0"]
    arguments.append("rollout.max_attempts=1")
    assert (
        main(["rollout", "task=quickstart/fix-bug", f"sandbox={local_sandbox}", f"out={tmp_path}/d", *arguments]) == 1
    )
    text = " ".join(capsys.readouterr().out.split())
    assert "infra_error" in text
    assert "GatewayError" in text
    assert "no such key" in text
    (record,) = load_dataset(tmp_path / "d")
    assert record.episode.episode_return is None


@pytest.mark.parametrize("num_workers", [0, 2])
def test_ctrl_c_stops_machines_and_keeps_what_finished(local_sandbox: str, tmp_path: Path, num_workers: int) -> None:
    script = tmp_path / "turns.yaml"
    script.write_text("- {text: slow, delay_s: 2.5, repeat: true}\n")
    command = [
        sys.executable, "-m", "claudebox_rl.cli.main", "rollout", "task=quickstart/fix-bug", "model=scripted",
        f"model.options.script={script}", f"sandbox={local_sandbox}", "rollout.episodes_per_task=20",
        f"rollout.num_workers={num_workers}", f"out={tmp_path}/data",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where the tests run in the background
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("[1/20]"):
            break
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    outcomes = [record.episode.outcome for record in load_dataset(tmp_path / "data")]
    assert outcomes.count(Outcome.COMPLETED) >= 1
    assert outcomes.count(Outcome.CANCELLED) >= 1
    assert set(outcomes) == {Outcome.COMPLETED, Outcome.CANCELLED}
    left = [p for p in psutil.process_iter() if str(tmp_path) in " ".join(_cmdline(p))]
    assert not left


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
