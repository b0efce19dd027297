"""The local sandbox's control groups, on a host that has version 2 of them for root: the lab's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(600)]
REPOSITORY = Path(__file__).parents[2]


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--color=no", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_groups_of_version_2_are_made_and_removed() -> None:
    said = run("tests/sandbox/test_cgroups.py")
    assert "no groups of version 1 here" in said
    assert said.count("SKIPPED") == 1


def test_a_memory_hog_is_ended_by_groups_of_version_2() -> None:
    said = run("tests/sandbox/test_local_limits.py", "-k", "hog and groups and not disk")
    assert "SKIPPED" not in said
    assert "passed" in said
