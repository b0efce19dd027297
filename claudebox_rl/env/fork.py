"""Forks of an environment in its wrappers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.errors import ConfigError


def fork_env(
    env: gym.Env[Any, Any],
    n: int = 1,
    *,
    episode_ids: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> list[gym.Env[Any, Any]]:
    """Return `n` environments that go on from here, in copies of this one's wrappers as they stand.

    Args:
        env: A ClaudeBox environment, wrapped or not, at a step boundary of an episode.
        n: How many, at least 1.
        episode_ids: Names for the episodes; None: new ones.
        seeds: What each draws from now on follows from its own; None: from this environment's.

    Raises:
        ConfigError: It is no such environment, or can't be forked; see `ClaudeBoxEnv.fork`.
        ClaudeBoxError: As `ClaudeBoxEnv.fork`.
    """
    base = env.unwrapped
    if not isinstance(base, ClaudeBoxEnv):
        raise ConfigError(f"only ClaudeBox environments can be forked, not {type(base).__name__}")
    # Whatever refers to the environment in the copy refers to its fork.
    return [copy.deepcopy(env, {id(base): heir}) for heir in base.fork(n, episode_ids=episode_ids, seeds=seeds)]
