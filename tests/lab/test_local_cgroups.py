"""The local sandbox's control groups, on a host that has version 2 of them for root: the lab's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(600)]
REPOSITORY = Path(__file__).parents[2]


def test_control_groups_hold_here() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/sandbox/test_cgroups.py"]
    done = subprocess.run([*command, "--color=no"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    verdict = done.stdout.splitlines()[-1]
    assert "passed" in verdict
    assert "skipped" not in verdict, done.stdout
