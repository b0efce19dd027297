"""Rewards kept within bounds."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym

from claudebox_rl.errors import ConfigError


def clipped(reward: float, low: float | None, high: float | None) -> float:
    """Return the number in `[low, high]` that is nearest to `reward`; None is no bound."""
    reward = reward if low is None else max(low, reward)
    return reward if high is None else min(high, reward)


class ClipReward(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Keeps the reward of each step, as the wrappers below it made it, within bounds.

    Range: `low` to `high`. What was cut off is the term `clip`, so the terms still sum to the reward. It stands last in
    a list of rewards, or nothing is clipped that comes after it.

    Args:
        env: The environment to wrap.
        low: The lowest reward of a step; None: no bound.
        high: The highest, likewise.

    Raises:
        ConfigError: No bound, one that is no number, or `low` above `high`.
    """

    name = "clip"

    def __init__(self, env: gym.Env[Any, Any], *, low: float | None = -1.0, high: float | None = 1.0) -> None:
        bounds = [bound for bound in (low, high) if bound is not None]
        if not bounds or any(map(math.isnan, bounds)) or bounds != sorted(bounds):
            raise ConfigError(f"clip: low={low} and high={high} are no bounds")
        gym.utils.RecordConstructorArgs.__init__(self, low=low, high=high)
        super().__init__(env)
        self.low, self.high = low, high

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step the environment and clip the reward."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        kept = clipped(float(reward), self.low, self.high)
        if kept != float(reward):
            info = {**info, "reward_terms": {**info.get("reward_terms", {}), self.name: kept - float(reward)}}
        return observation, kept, terminated, truncated, info
