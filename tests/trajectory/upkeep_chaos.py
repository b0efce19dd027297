"""Writers, a committer, a compactor: each works in a loop until it is killed. Run by `test_upkeep_kills.py`."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from trajectory_values import UNICODE, journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeRecord, commit
from claudebox_rl.trajectory.upkeep import compact


def expected(episode_id: str) -> EpisodeRecord:
    return record_of(episode_id, num_steps=2, text=UNICODE * 12)


def write(dataset: Path) -> None:
    index = 0
    while True:
        name = f"{os.getpid()}-{index}"
        journal(dataset, expected(name))
        print(name, flush=True)  # noqa: T201  # from here on it must never be missing
        if index % 2:
            with contextlib.suppress(TrajectoryError):
                commit(dataset)
        index += 1


def tidy(dataset: Path) -> None:
    while True:
        with contextlib.suppress(TrajectoryError):  # of a second one that the test starts before the first is gone
            compact(dataset)


if __name__ == "__main__":
    {"write": write, "tidy": tidy}[sys.argv[1]](Path(sys.argv[2]))
