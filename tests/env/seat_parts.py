"""What the tests of all seats share."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from claudebox_rl.gateway import TaskFiles
from claudebox_rl.gateway.upstreams.nop import NopUpstream

TASK = "quickstart/fix-bug"
TIMED = frozenset({"duration_s"})
"""Facts that no two plays share."""


class SeededNop(NopUpstream):
    """Says by which seed it would draw."""

    @classmethod
    def make(cls, options: dict[str, Any], task: TaskFiles) -> SeededNop:
        return super().make({"text": f"seed {task.seed}"}, task)


def make(env_id: str, sandbox: str, **kwargs: Any) -> gym.Env:
    """Make an environment that plays in this process."""
    return gym.make(env_id, task=TASK, sandbox=sandbox, actor=False, **kwargs)


def check(env: gym.Env) -> None:
    """Let Gymnasium's checker find nothing to complain of, not even a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=False)
    env.close()


def rebuilt(env: gym.Env) -> gym.Env:
    """Make the environment anew from its specification, as JSON."""
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.spec == env.spec
    assert (again.observation_space, again.action_space) == (env.observation_space, env.action_space)
    return again


def untimed(observation: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return an observation without what is timing."""
    kept = [index for index, name in enumerate(names) if name not in TIMED]
    return {**observation, "facts": np.asarray(observation["facts"])[kept].tolist()}
