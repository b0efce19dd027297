"""The example of policies, run as a user runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "quick_policies.py"


def test_each_policy_refuses_what_it_forbids(local_sandbox: str) -> None:
    done = subprocess.run([sys.executable, str(EXAMPLE), local_sandbox], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^(.*): (\d) of (\d) refused", done.stdout, re.MULTILINE) == [
        ("unrestricted", "0", "3"), ("restricted", "2", "3"), ("readonly", "3", "3"), ("of my own", "1", "3"),
    ]  # fmt: skip
