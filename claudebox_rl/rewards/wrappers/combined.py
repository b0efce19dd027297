"""Several rewards as one, each with a weight."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards.registry import Weights, make_reward, weighted
from claudebox_rl.rewards.wrappers.term import RewardTerm


class CombinedReward(RewardTerm):
    """The weighted sum of rewards, each noted in `reward_terms` under its own name, times its weight.

    Formula: `sum(weight * reward)`. As everywhere, the verdict counts once where `verifier` is not among them, and a
    reward without evidence has no term.

    Args:
        env: The environment to wrap.
        rewards: Weight of each reward by name; or `{"weight": ..., "kwargs": {...}}`, with its arguments.

    Raises:
        ConfigError: No reward, an unknown one, wrong arguments, or a weight that is not finite.
    """

    name = "combined"

    def __init__(self, env: gym.Env[Any, Any], *, rewards: Weights) -> None:
        super().__init__(env, rewards=dict(rewards))
        self._parts: list[tuple[RewardTerm, float]] = []
        for config, weight in weighted(rewards):
            part = make_reward(env, config)
            if not isinstance(part, RewardTerm):
                raise ConfigError(f"combined: {config.name} is no term that could be weighted; give it in a list")
            self._parts.append((part, weight))
        self.replaces = next((part.replaces for part, _ in self._parts if part.replaces), None)

    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        """Have each part forget the last episode."""
        for part, _ in self._parts:
            part.begin(observation, info)

    def notes(self) -> Mapping[str, Any]:
        """Return what each part has to tell."""
        return {name: note for part, _ in self._parts for name, note in part.notes().items()}

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return the weighted sum; None where no part has evidence."""
        terms = self.terms(action, observation, info, ended=ended).values()
        there = [value for value in terms if value is not None]
        return math.fsum(there) if there else None

    def terms(
        self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool
    ) -> Mapping[str, float | None]:
        """Return each part's terms, weighted."""
        terms: dict[str, float | None] = {}
        for part, weight in self._parts:
            for name, value in part.terms(action, observation, info, ended=ended).items():
                before = terms.get(name)
                terms[name] = before if value is None else weight * value + (before or 0.0)
        return terms
