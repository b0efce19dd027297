"""The example of skills, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "quick_skills.py"


@pytest.mark.usefixtures("local_sandbox")
def test_files_alone() -> None:
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    known, count, token = done.stdout.splitlines()
    assert "herd" in known
    assert (count, token) == ("2", "the token is ***HERD_TOKEN***")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("local_sandbox", "skills_home")
def test_with_packages() -> None:
    argv = [sys.executable, str(EXAMPLE), "--install"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stderr
    assert "bytes of PNG" in done.stdout
    assert "drawn" in done.stdout
    assert "Zebra" in done.stdout
