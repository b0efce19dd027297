"""Shaping by a potential, which helps a learner along without changing what is best."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym

from claudebox_rl._registry import resolve
from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards.wrappers.term import RewardTerm

Potential = Callable[..., float]
POTENTIALS: dict[str, str] = {}
"""By name; all come by the entry-point group `claudebox_rl.potential`, or as `module:function`."""


def shaping(before: float, after: float, *, gamma: float) -> float:
    """Return what a step from a state of potential `before` to one of `after` is worth: `gamma * after - before`."""
    return gamma * after - before


class PotentialShaping(RewardTerm):
    """Adds `gamma * Phi(s') - Phi(s)`, where `Phi` says how near a state is to the goal.

    The best policies stay the best, since over an episode the discounted terms sum to `-Phi(s_0)`, whatever was done:
    Ng, Harada and Russell, "Policy Invariance Under Reward Transformations: Theory and Application to Reward Shaping",
    ICML 1999. For that `Phi` of a state in which an episode ends is 0, also where a limit truncated it (Grzes, "Reward
    Shaping in Episodic Reinforcement Learning", AAMAS 2017), and `gamma` is the learner's own discount.

    Range: hangs on the potential. Source: what is observed, and `info`.

    Args:
        env: The environment to wrap.
        potential: `module:function`, or a plug-in's name: from the observation and `info` (of the reset, or of the step
            that led there) to a finite number. It must be a function of the state: the same one has the same potential.
        gamma: The discount, 0 to 1; 1 for learners that sum an episode's rewards.
        options: Further keyword arguments of the function.

    Raises:
        ConfigError: The function is not found, or `gamma` is out of range.
    """

    name = "shaping"

    def __init__(
        self,
        env: gym.Env[Any, Any],
        *,
        potential: str,
        gamma: float = 1.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if not 0 <= gamma <= 1:
            raise ConfigError(f"shaping: gamma must be 0 to 1, not {gamma}")
        super().__init__(env, potential=potential, gamma=gamma, options=dict(options or {}))
        self._potential: Potential = resolve("potential", potential, POTENTIALS)
        self._options = dict(options or {})
        self.gamma = gamma
        self._before: float | None = None

    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        """Take the potential of the first state."""
        self._before = self._of(observation, info)

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float:
        """Return what this step is worth.

        Raises:
            RewardError: There was no reset before, or the potential is no finite number.
        """
        if self._before is None:
            raise RewardError("shaping: step() before reset(): the potential before the step is not known")
        after = 0.0 if ended else self._of(observation, info)
        before, self._before = self._before, None if ended else after
        return shaping(before, after, gamma=self.gamma)

    def _of(self, observation: dict[str, Any], info: dict[str, Any]) -> float:
        value = self._potential(observation, info, **self._options)
        if not math.isfinite(value):
            raise RewardError(f"shaping: the potential is {value!r:.80}, which is no finite number")
        return float(value)
