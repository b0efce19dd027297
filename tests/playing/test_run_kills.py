"""The script that anyone can run against killed rollouts, at a size that fits a test run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "resume_after_kills.py"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("local_sandbox")
@pytest.mark.parametrize("arguments", [["--kills", "5"], ["--kills", "2", "--workers", "2"]], ids=["inline", "ray"])
def test_a_run_that_is_killed_ends_as_an_undisturbed_one(arguments: list[str]) -> None:
    command = [sys.executable, str(SCRIPT), "--episodes", "2", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 datasets differ, 0 processes left" in done.stdout
