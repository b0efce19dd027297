"""Prices of steps, time and money, so that of two ways to the same end the cheaper one is worth more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from claudebox_rl.call_types import ModelCall, total_cost_usd
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards.wrappers.term import RewardTerm
from claudebox_rl.types import SUBMIT, CodeResult


def step_penalty(action: object, *, coef: float) -> float:
    """Return `-coef` for a step, 0 for `SUBMIT`."""
    return 0.0 if isinstance(action, str) and action == SUBMIT else -coef


def time_penalty(result: CodeResult | None, *, coef: float) -> float | None:
    """Return `-coef` for each second of a prompt (`duration_s`); None where no prompt came to its end."""
    return None if result is None else -coef * result.duration_s


def cost_penalty(calls: Sequence[ModelCall], *, coef: float) -> float | None:
    """Return `-coef` for each dollar of the calls; None where none was answered, or the price of one is not known."""
    cost_usd = total_cost_usd(calls)
    return None if cost_usd is None else -coef * cost_usd


class Penalty(RewardTerm):
    """Subtracts a price of at least 0.

    Args:
        env: The environment to wrap.
        coef: The price of one.

    Raises:
        ConfigError: `coef` is negative, or not finite.
    """

    def __init__(self, env: gym.Env[Any, Any], *, coef: float) -> None:
        if not math.isfinite(coef) or coef < 0:
            raise ConfigError(f"{self.name}: coef must be at least 0, not {coef}")
        super().__init__(env, coef=coef)
        self.coef = coef


class StepPenalty(Penalty):
    """Subtracts `coef` for every step; `SUBMIT` is free.

    Range: at most 0. Source: the action.

    Args:
        env: The environment to wrap.
        coef: Price of a step, at least 0.

    Raises:
        ConfigError: `coef` is negative, or not finite.
    """

    name = "step_penalty"

    def __init__(self, env: gym.Env[Any, Any], *, coef: float = 0.01) -> None:
        super().__init__(env, coef=coef)

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float:
        """Return `-coef` for a step, 0 for `SUBMIT`."""
        return step_penalty(action, coef=self.coef)


class TimePenalty(Penalty):
    """Subtracts `coef` for every second of the agent's prompts, or of the shell's commands.

    Range: at most 0. Source: `duration_s` of the results, so neither the machine's start nor the verdict counts. The
    numbers depend on the machine.

    Args:
        env: The environment to wrap.
        coef: Price of a second, at least 0.

    Raises:
        ConfigError: `coef` is negative, or not finite.
    """

    name = "time_penalty"

    def __init__(self, env: gym.Env[Any, Any], *, coef: float = 0.0001) -> None:
        super().__init__(env, coef=coef)

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return `-coef * duration_s` of the prompt that came to its end with this step."""
        return time_penalty(info.get("result"), coef=self.coef)


class CostPenalty(Penalty):
    """Subtracts `coef` for every dollar of the model's calls.

    Range: at most 0. Source: the gateway's record, calls that were made again counted once, by its price list or
    `model.prices`. Where the price of a call is not known there is no term.

    Args:
        env: The environment to wrap.
        coef: Price of a dollar, at least 0.

    Raises:
        ConfigError: `coef` is negative, or not finite.
    """

    name = "cost_penalty"

    def __init__(self, env: gym.Env[Any, Any], *, coef: float = 0.1) -> None:
        super().__init__(env, coef=coef)

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return `-coef * dollars` of the step's calls."""
        return cost_penalty(info.get("model_calls", ()), coef=self.coef)
