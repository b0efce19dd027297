"""The examples of a session, and of one over three days, run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *arguments: str) -> str:
    argv = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("model", ["scripted", "oracle"])
def test_one_session(local_sandbox: str, model: str) -> None:
    out = run("quick_basic.py", "--model", model, "--sandbox", local_sandbox)
    assert out.count("success True, exit code 0") == (2 if model == "scripted" else 1)
    if model == "scripted":
        assert "exit code 0: 'Hello from the sandbox'" in out
        assert "exit code 1: " in out
    assert "0 tool calls" not in out


def test_three_days(local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    out = run("quick_sessions.py", "--sandbox", local_sandbox)
    for day, earlier in enumerate(("0", "1", "2"), 1):
        assert f"the agent remembers {earlier} earlier prompts; so far {day} prompts" in out
    assert "2 Bash: cat list.txt -> 'milk\\nbread'" in out
    assert "shopping: closed, 3 prompts" in out
    assert "no session 'shopping'" in out
    assert not list((tmp_path / "sessions").iterdir())
