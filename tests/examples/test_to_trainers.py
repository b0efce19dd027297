"""The example that goes from a rollout to trainers, run as a user runs it. Run by `make models`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/dataset_to_trainers.py"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_was_played_is_analysed_and_learned(local_sandbox: str, tmp_path: Path) -> None:
    for name in ("minari", "trl", "datasets"):
        pytest.importorskip(name)
    argv = [sys.executable, str(EXAMPLE), str(tmp_path / "out"), "--sandbox", local_sandbox]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=570)
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout
    assert len(re.findall(r"oracle quickstart/\S+: completed, return 1.0", said)) == 8
    assert len(re.findall(r"nop quickstart/\S+: completed, return 0.0", said)) == 8
    assert f"16 files in {tmp_path}/out/atif" in said
    assert "quickstart-v0: 32 rows of 16 episodes" in said
    assert "/sft: 8 rows of 8 episodes" in said
    first, last = map(float, re.findall(r"loss of the first step (\S+), of the last (\S+)", said)[0])
    assert last < first
    first, last = map(float, re.findall(r"BC over 9 actions: loss (\S+), then (\S+)", said)[0])
    assert last < first
