"""The example of rewards, run as a user runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "quick_rewards.py"


def test_it_runs_and_prefers_the_careful_file(local_sandbox: str) -> None:
    done = subprocess.run([sys.executable, str(EXAMPLE), local_sandbox], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    careful, careless = (float(number) for number in re.findall(r"^[WN].* (-?\d\.\d+) \{", done.stdout, re.MULTILINE))
    assert careful > careless + 0.3
    assert re.findall(r"^(\d) (\w+) ", done.stdout, re.MULTILINE) == [
        ("1", "Write"), ("2", "answer"), ("3", "Write"), ("4", "answer"),
    ]  # fmt: skip
