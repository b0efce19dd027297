"""Rewards as functions of a prompt's result: what `ClaudeBox(reward_fn=...)` takes."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from claudebox_rl.errors import ConfigError
from claudebox_rl.types import CodeResult, Failure

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")


class RewardFunction(ABC):
    """A reward of one prompt, from evidence in its result alone: the same evidence gives the same number.

    A subclass gives `name`, `needs_changes` and `measure`. Objects are picklable and keep nothing between calls.
    """

    name: str
    """Of the term in `reward_terms`."""
    needs_changes: ClassVar[bool] | bool = False
    """Whether it looks at `result.changes`; the session reads the files only then."""

    @abstractmethod
    def measure(self, result: CodeResult) -> float | None:
        """Return the reward of a prompt whose model answered, or None where the evidence is not there."""

    def __call__(self, result: CodeResult) -> float | None:
        """Return the reward; None where there is no evidence, never 0.

        So it is where the model's endpoint failed (`Failure.API_ERROR`): that says nothing about the agent.
        """
        return None if result.failure is Failure.API_ERROR else self.measure(result)

    def terms(self, result: CodeResult) -> dict[str, float | None]:
        """Return the named terms that sum to the reward."""
        return {self.name: self(result)}


class CustomReward(RewardFunction):
    """A function of your own as a reward with a name.

    Range and formula are the function's. Source: whatever it looks at in the result.

    Args:
        reward_fn: From a result to a finite number, or None where the evidence is not there.
        name: Of its term.
        needs_changes: Whether it looks at `result.changes`.

    Raises:
        ConfigError: `reward_fn` can't be called, or the name is none.
    """

    def __init__(
        self, reward_fn: Callable[[CodeResult], float | None], *, name: str = "custom", needs_changes: bool = True
    ) -> None:
        if not callable(reward_fn) or isinstance(reward_fn, type):
            raise ConfigError(f"CustomReward takes a function of a CodeResult, not {reward_fn!r:.80}")
        self.reward_fn = reward_fn
        self.name = term_name(name)
        self.needs_changes = needs_changes

    def measure(self, result: CodeResult) -> float | None:
        """Return what the function gives."""
        return self.reward_fn(result)


class CombinedReward(RewardFunction):
    """The weighted sum of rewards, each a term of its own. Made by `combine_rewards`."""

    name = "combined"

    def __init__(self, parts: Sequence[tuple[str, RewardFunction, float]]) -> None:
        self.parts = tuple(parts)
        self.needs_changes = any(reward.needs_changes for _, reward, _ in parts)

    def measure(self, result: CodeResult) -> float | None:
        """Return the sum of the terms; None where one of them has no evidence."""
        values = list(self.terms(result).values())
        there = [value for value in values if value is not None]
        return math.fsum(there) if len(there) == len(values) else None

    def terms(self, result: CodeResult) -> dict[str, float | None]:
        """Return each reward times its weight, by name."""
        values = {name: (reward(result), weight) for name, reward, weight in self.parts}
        return {name: None if value is None else value * weight for name, (value, weight) in values.items()}


def combine_rewards(
    *reward_fns: Callable[[CodeResult], float | None], weights: Sequence[float] | None = None
) -> CombinedReward:
    """Return the weighted sum of rewards: `sum(weight * reward)`.

    Its range is that of its parts, weighted. It has no number where one of its parts has none: without a term the rest
    would be another quantity. In `reward_terms` each part stands for itself, already weighted; the second of a name
    becomes `name_2`.

    Args:
        *reward_fns: Rewards, or functions of a result.
        weights: One a reward, which sum to 1; None: all the same.

    Raises:
        ConfigError: No reward, another number of weights, or they are not finite or don't sum to 1.
    """
    if not reward_fns:
        raise ConfigError("combine_rewards needs at least one reward")
    weights = [1 / len(reward_fns)] * len(reward_fns) if weights is None else list(weights)
    if len(weights) != len(reward_fns):
        raise ConfigError(f"combine_rewards: {len(weights)} weights for {len(reward_fns)} rewards")
    if not all(map(math.isfinite, weights)) or abs(math.fsum(weights) - 1) > 1e-6:
        raise ConfigError(f"combine_rewards: weights must sum to 1, not {math.fsum(weights):g}")
    rewards = [each if isinstance(each, RewardFunction) else _named(each) for each in reward_fns]
    return CombinedReward(list(zip(_unique([reward.name for reward in rewards]), rewards, weights, strict=True)))


def term_name(name: str) -> str:
    """Return the name of a term.

    Raises:
        ConfigError: It is no plain name, or `verifier`, which is the verifier's.
    """
    if not _NAME.fullmatch(name) or name == "verifier":
        raise ConfigError(f"{name!r} can't name a reward: letters, digits, '_' and '.', and not 'verifier'")
    return name


def _named(reward_fn: Callable[[CodeResult], float | None]) -> CustomReward:
    name = getattr(reward_fn, "__name__", "custom")
    wants = bool(getattr(reward_fn, "needs_changes", True))
    return CustomReward(reward_fn, name=name if _NAME.fullmatch(name) else "custom", needs_changes=wants)


def _unique(names: list[str]) -> list[str]:
    seen: list[str] = []
    for name in names:
        number, unique = 1, name
        while unique in seen:
            number += 1
            unique = f"{name}_{number}"
        seen.append(unique)
    return seen
