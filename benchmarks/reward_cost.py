"""What each reward wrapper costs a step: `python benchmarks/reward_cost.py [episodes]`.

A recorded episode of two prompts and `SUBMIT`, with two tool calls and a new file of two lines, is played with and
without the wrapper by turns. A wrapper's cost is the difference of the medians: over all steps (`step_us`), and of the
last one, at which an episode is judged (`end_us`). Analysers are processes, so `code_quality` is played fewer times.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import gymnasium as gym

from claudebox_rl.rewards import apply_rewards
from claudebox_rl.testing.recorded_episodes import RecordedEnv

EPISODE = "solved"
FEW = 5
REWARDS: dict[str, Any] = {
    "verifier": "verifier",
    "verifier by parts": {"name": "verifier", "kwargs": {"weights": {"reward": 0.5, "tests": 0.5}}},
    "success": "success",
    "efficiency": "efficiency",
    "safety": "safety",
    "code_quality": "code_quality",
    "code_quality without types": {"name": "code_quality", "kwargs": {"types": False}},
    "custom": {"name": "custom", "kwargs": {"reward_fn": f"{__name__}:calls"}},
    "step_penalty": "step_penalty",
    "time_penalty": "time_penalty",
    "cost_penalty": "cost_penalty",
    "shaping": {"name": "shaping", "kwargs": {"potential": f"{__name__}:near"}},
    "clip": "clip",
    "combined of three": {"verifier": 1, "efficiency": 0.2, "step_penalty": 1},
}


def calls(result: Any) -> float:
    return float(len(result.action_log))


def near(observation: dict[str, Any], info: dict[str, Any]) -> float:
    return float(len(observation["response"]))


def play(env: gym.Env[Any, Any], actions: list[str]) -> tuple[float, float]:
    """Return the seconds of a step, on average, and of the last one."""
    env.reset()
    times: list[float] = []
    for action in actions:
        started = time.perf_counter()
        env.step(action)
        times.append(time.perf_counter() - started)
    return statistics.fmean(times), times[-1]


def measure(reward: Any, num_episodes: int) -> dict[str, float]:
    bare = RecordedEnv(EPISODE)
    env, actions = apply_rewards(RecordedEnv(EPISODE), reward), list(bare.actions)
    without, given = [], []
    for _ in range(num_episodes):
        without.append(play(bare, actions))
        given.append(play(env, actions))
    step, end = (
        statistics.median(each[at] for each in given) - statistics.median(each[at] for each in without) for at in (0, 1)
    )
    return {"step_us": round(step * 1e6, 1), "end_us": round(end * 1e6, 1)}


def main() -> None:
    num_episodes = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    found = {
        name: measure(reward, FEW if name.startswith("code_quality") else num_episodes)
        for name, reward in REWARDS.items()
    }
    print(json.dumps({"benchmark": "reward_cost", "episodes": num_episodes, "rewards": found}))


if __name__ == "__main__":
    main()
