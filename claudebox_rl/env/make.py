"""Entry points for Gymnasium's registry: an environment with its reward wrappers, alone or as a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.env.seats.seat import Observation
from claudebox_rl.rewards import Reward, apply_rewards, needs_changes


def make_claudebox(*, rewards: Reward | Sequence[Reward] = (), **kwargs: Any) -> gym.Env[Observation, Any]:
    """Make a `ClaudeBoxEnv` and put reward wrappers around it, the first one innermost.

    Args:
        rewards: Names, or `{"name": ..., "kwargs": {...}}`; or one of them.
        **kwargs: As `ClaudeBoxEnv`.

    Raises:
        ConfigError: An unknown reward, or wrong arguments for one.
        TypeError: An unknown keyword.
    """
    return apply_rewards(ClaudeBoxEnv(read_changes=needs_changes(rewards), **kwargs), rewards)
