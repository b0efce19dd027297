"""Damaged Parquet files: an error that names the file, or what was stored; never a crash, never a wrong row."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from trajectory_values import journal, record_of

from claudebox_rl.trajectory import commit

HERE = Path(__file__).parent


@pytest.mark.parametrize(("seed", "count"), [(0, 60), pytest.param(1000, 2000, marks=pytest.mark.slow)])
def test_damage_is_told_and_never_read(tmp_path: Path, seed: int, count: int) -> None:
    sound = tmp_path / "sound"
    for name in ("a", "b"):
        journal(sound, record_of(name, num_steps=2))
    commit(sound)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    done = subprocess.run(
        [sys.executable, HERE / "parquet_damage.py", sound, tmp_path / "work", str(seed), str(count)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
