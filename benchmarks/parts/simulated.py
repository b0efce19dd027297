"""A machine that costs nothing and a policy that takes its time: what is left of a rollout is its scheduling."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from claudebox_rl import SUBMIT
from claudebox_rl.policies import Place
from claudebox_rl.testing.fake_programs import PROGRAMS, FakeCall
from claudebox_rl.testing.fake_sandbox import FakeSandbox

MEETING_SEED = 1 << 40
"""Episodes from this seed on wait for each other instead."""


def duration_s(seed: int, median_s: float, sigma: float = 1.0) -> float:
    """Return how long the episode of that seed lasts: lognormal."""
    return float(np.random.default_rng(seed).lognormal(np.log(median_s), sigma))


async def _judge(call: FakeCall) -> int:
    await call.sandbox.write_file("/logs/verifier/reward.txt", b"1.0")
    return 0


class SimulatedSandbox(FakeSandbox):
    """Judges everything with 1."""

    handlers = PROGRAMS | {"bash": _judge, "sh": PROGRAMS["true"]}


class WaitingPolicy:
    """Thinks as long as the seed says, then submits.

    Args:
        place: Whose seed.
        median_s: Of the durations; 0: it does not think.
        meeting: Folder in which `num_met` episodes of `MEETING_SEED` and more wait for each other, so that as many
            workers are known to be up.
        num_met: How many.
    """

    def __init__(self, place: Place, median_s: float = 0.0, meeting: str = "", num_met: int = 0) -> None:
        self._seed = place.seed or 0
        self._median_s, self._meeting, self._num_met = median_s, Path(meeting), num_met

    def __call__(self, observation: dict[str, Any]) -> str:
        if self._seed >= MEETING_SEED:
            (self._meeting / str(self._seed)).touch()
            while len(list(self._meeting.iterdir())) < self._num_met:
                time.sleep(0.05)
        elif self._median_s:
            time.sleep(duration_s(self._seed, self._median_s))
        return SUBMIT
