"""The verifier's verdict as a reward of its own: whole, or by the parts that the verifier named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards.wrappers.term import RewardTerm
from claudebox_rl.types import VerifierResult

VERIFIER = "verifier"
"""The term under which an environment gives the verdict."""


def verdict_terms(verdict: VerifierResult, weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the terms of a verdict.

    Args:
        verdict: The verifier's.
        weights: Of the parts in its reward.json; None: the verdict as a whole.

    Returns:
        `verifier`, the verdict; or for each weight `verifier.<part>`, the part times its weight; both times the
        verdict's share.

    Raises:
        RewardError: The verifier wrote no such part: without it the rest would be another quantity.
    """
    if weights is None:
        return {VERIFIER: verdict.reward * verdict.share}
    if missing := [name for name in weights if name not in verdict.rewards]:
        wrote = ", ".join(verdict.rewards) or "none"
        raise RewardError(f"the verifier wrote no part {', '.join(missing)}; it wrote: {wrote}", missing=missing)
    return {f"{VERIFIER}.{name}": weight * verdict.share * verdict.rewards[name] for name, weight in weights.items()}


class VerifierReward(RewardTerm):
    """The verdict, in place of the environment's own: as it is, or the weighted sum of its named parts.

    Range and formula: the verifier's; with weights `sum(weight * part)`, each a term `verifier.<part>`. Source: the
    verifier's reward.json on the final state.

    Args:
        env: The environment to wrap.
        weights: By the names in reward.json; None: the verdict as a whole, as an environment gives it.

    Raises:
        ConfigError: A weight is not finite, or there is none.
    """

    name = VERIFIER
    is_verdict = True
    replaces = VERIFIER

    def __init__(self, env: gym.Env[Any, Any], *, weights: Mapping[str, float] | None = None) -> None:
        if weights is not None and (not weights or not all(map(math.isfinite, weights.values()))):
            raise ConfigError(f"verifier: weights must name at least one part, each with a finite number: {weights!r}")
        self.weights = None if weights is None else dict(weights)
        super().__init__(env, weights=self.weights)

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return the sum of its terms; None before the verdict."""
        terms = self.terms(action, observation, info, ended=ended)
        return math.fsum(terms.values()) if terms else None

    def terms(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> dict[str, float]:
        """Return the verdict's terms; none before there is one."""
        verdict: VerifierResult | None = info.get("verifier")
        return {} if verdict is None else verdict_terms(verdict, self.weights)
