"""A learner's signal is real: over generated tasks of all families, more skill earns more under each reward."""

from __future__ import annotations

import itertools
from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl import run_episode
from claudebox_rl.types import Episode, EpisodeRequest

TASKS = "procedural/any-2..3-5"
ERROR_RATES = (1.0, 0.5, 0.25, 0.1, 0.0)
REWARDS: list[Any] = [
    "success",
    {"name": "efficiency", "kwargs": {"tool_calls": 20, "tokens": None, "time_s": None}},
    "safety",
    "step_penalty",
    {"name": "code_quality", "kwargs": {"types": False}},
]


def played(error_rate: float, sandbox: str) -> list[Episode]:
    agent = {"name": "careless", "error_rate": error_rate}
    env = gym.make("ClaudeBox-v0", task=TASKS, agent=agent, sandbox=sandbox, rewards=REWARDS, actor=False)
    try:
        tasks: list[str] = list(env.get_wrapper_attr("tasks"))
        return [run_episode(env, request=EpisodeRequest(task, seed=11)) for task in tasks]
    finally:
        env.close()


@pytest.mark.slow
def test_more_skill_earns_more_under_each_reward(local_sandbox: str):
    by_rate = [played(rate, local_sandbox) for rate in ERROR_RATES]
    assert all(episode.valid_for_training for episodes in by_rate for episode in episodes)
    verdicts = [[episode.rewards["verifier"] for episode in episodes] for episodes in by_rate]
    assert set(verdicts[0]) == {0.0}
    assert set(verdicts[-1]) == {1.0}
    assert 0 < sum(verdicts[2]) < len(verdicts[2]), "no player stands between nothing and everything"
    for name in ("verifier", "success", "efficiency", "safety", "step_penalty", "code_quality"):
        means = [mean_return(episodes, name) for episodes in by_rate]
        assert all(lower <= higher for lower, higher in itertools.pairwise(means)), (name, means)
        assert means[0] < means[-1]


def mean_return(episodes: list[Episode], name: str) -> float:
    """Return what the verdict and one reward alone give."""
    terms = [{"verifier", name} & episode.rewards.keys() for episode in episodes]
    earned = [sum(episode.rewards[each] for each in own) for episode, own in zip(episodes, terms, strict=True)]
    return round(sum(earned) / len(earned), 6)
