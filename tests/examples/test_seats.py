"""The examples of the model's and the supervisor's seat, run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, sandbox: str) -> list[str]:
    argv = [sys.executable, str(EXAMPLES / name), "--sandbox", sandbox]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_policy_as_the_model_has_the_cli_solve_a_task(local_sandbox: str) -> None:
    first, *calls, said, last = run("model_seat.py", local_sandbox)
    assert first == "Claude Code 2.1.330 asks claudebox-policy, with 4 tools"
    assert calls == ["-> Read", "-> Edit", "-> Edit", "-> Bash"]
    assert said.startswith("-> The cursor went back")
    assert last == "completed, reward 1.0: 4 tool calls"


def test_the_cli_does_as_its_supervisor_says(local_sandbox: str) -> None:
    allow, deny, rewrite, *done = run("tool_seat.py", local_sandbox)
    assert allow.startswith("allow: python3 -m unittest")
    assert deny == "deny: rm -rf /workspace/*"
    assert rewrite == "rewrite: ls *.py; sleep 60"
    assert done[0].startswith("ran: ")
    assert "Nothing is removed here: find another way." in done[1]
    assert done[1].startswith("refused: ")
    assert done[2] == "ran: 'freetime.py\\ntest_freetime.py'"
