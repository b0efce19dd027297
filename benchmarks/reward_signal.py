"""What players of rising skill earn under each reward: `python benchmarks/reward_signal.py [tasks] [sandbox]`.

The agent `careless` takes back each edit of a task's solution with a probability, its error rate: what it takes back
only grows with the rate. It plays the same procedural tasks at five rates, with all rewards around the verdict at once.
Under each reward alone the return of an episode is the verdict and that reward's term; printed is the mean over the
tasks, from the most careless player (nothing is left of the solution) to the solution itself. `falls` names rewards
whose mean falls anywhere on the way.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import tempfile
from typing import Any

from claudebox_rl import Episode, rollout

ERROR_RATES = (1.0, 0.75, 0.5, 0.25, 0.0)
SLACK = 0.01
"""A mean that falls by less does not fall: what depends on time is never twice the same."""
TERMS: dict[str, tuple[Any, ...]] = {
    "verifier": (),
    "success": ("success",),
    "efficiency": ({"name": "efficiency", "kwargs": {"tool_calls": 20, "tokens": 200_000, "time_s": None}},),
    "safety": ("safety",),
    "code_quality": ({"name": "code_quality", "kwargs": {"types": False}},),
    "tests_passed_delta": ("tests_passed_delta",),
    "step_penalty": ("step_penalty",),
    "time_penalty": ("time_penalty",),
}


def play(error_rate: float, tasks: str, sandbox: str) -> list[Episode]:
    with tempfile.TemporaryDirectory() as out:
        return [
            episode
            for episode in rollout(
                task=tasks,
                agent={"name": "careless", "error_rate": error_rate},
                sandbox=sandbox,
                rewards=[reward for rewards in TERMS.values() for reward in rewards],
                num_workers=0,
                out=out,
            )
            if episode.valid_for_training
        ]


def main() -> None:
    num_tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    sandbox = sys.argv[2] if len(sys.argv) > 2 else "auto"
    means: dict[str, list[float]] = {name: [] for name in TERMS}
    nums: list[int] = []
    for rate in ERROR_RATES:
        episodes = play(rate, f"procedural/any-3-0..{num_tasks - 1}", sandbox)
        nums.append(len(episodes))
        for name in TERMS:
            earned = [
                episode.rewards["verifier"] + (episode.rewards.get(name, 0.0) if name != "verifier" else 0.0)
                for episode in episodes
            ]
            means[name].append(round(statistics.fmean(earned), 3))
    falls = [name for name, row in means.items() if any(b < a - SLACK for a, b in itertools.pairwise(row))]
    print(
        json.dumps(
            {
                "benchmark": "reward_signal",
                "error_rates": ERROR_RATES,
                "valid_episodes": nums,
                "mean_return": means,
                "falls": falls,
            }
        )
    )


if __name__ == "__main__":
    main()
