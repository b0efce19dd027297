"""A price for each step, so that shorter episodes are worth more."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards.base import RewardTerm
from claudebox_rl.types import SUBMIT


class StepPenalty(RewardTerm):
    """Subtracts `coef` for every step; `SUBMIT` is free.

    Args:
        env: The environment to wrap.
        coef: Price of a step, at least 0.

    Raises:
        ConfigError: `coef` is negative.
    """

    name = "step_penalty"

    def __init__(self, env: gym.Env[Any, Any], *, coef: float = 0.01) -> None:
        if coef < 0:
            raise ConfigError(f"step_penalty: coef must be at least 0, not {coef}")
        super().__init__(env, coef=coef)
        self.coef = coef

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float:
        """Return `-coef` for a step, 0 for `SUBMIT`."""
        return 0.0 if action == SUBMIT else -self.coef
