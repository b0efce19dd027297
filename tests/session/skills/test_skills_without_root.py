"""Installing and using a skill as an ordinary user of the host, with a Python that has no pip of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "sandbox"))
from ordinary_user import run_tests


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests are this one where nobody is root")
@pytest.mark.usefixtures("local_sandbox")
def test_an_ordinary_user_has_skills() -> None:
    run_tests("tests/session/skills/test_load.py", "-k", "installed_once or install_cmd or leaves_nothing")
