"""The reward of a prompt: the verifier's and the session's `reward_fn`, as named terms that sum to it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from claudebox_rl.errors import ClaudeBoxError, ConfigError, RewardError
from claudebox_rl.types import CodeResult

RewardFn = Callable[[CodeResult], float | None]
"""From a result to a finite number, or None where the evidence is not there.

It may have `needs_changes` (bool): whether it looks at `result.changes`; taken to be true where it doesn't say, since
only then are the files read. It may have `terms(result)`, which returns named numbers instead of one.
"""


def check_reward_fn(reward_fn: object) -> None:
    """Refuse what can't be called.

    Raises:
        ConfigError: It is a class, or no function at all.
    """
    if isinstance(reward_fn, type):
        raise ConfigError(f"reward_fn must be an object: {reward_fn.__name__}(), not {reward_fn.__name__}")
    if reward_fn is not None and not callable(reward_fn):
        raise ConfigError(f"reward_fn must take a CodeResult and return a number or None, not {reward_fn!r:.80}")


def needs_changes(reward_fn: RewardFn | None) -> bool:
    """Say whether the files are to be read before and after the prompt."""
    return reward_fn is not None and bool(getattr(reward_fn, "needs_changes", True))


async def rewarded(result: CodeResult, reward_fn: RewardFn | None, verdict: float | None) -> CodeResult:
    """Return the result with its reward.

    Both kinds are kept: `reward_terms` has `verifier` and the terms of `reward_fn`, and `reward` is their sum. Where
    one of them has no evidence, the others are kept and `reward` is None: half a sum would be another quantity. Weigh
    them with `combine_rewards` or by a function of your own.

    Args:
        result: What the prompt gave.
        reward_fn: Called in a thread, since analysers take their time.
        verdict: The verifier's reward; None where it was not asked.

    Raises:
        RewardError: `reward_fn` failed, or gave what is no finite number.
    """
    terms: dict[str, float | None] = {} if verdict is None else {"verifier": verdict}
    if reward_fn is not None:
        terms |= await asyncio.to_thread(_terms, reward_fn, result)
    there = {name: value for name, value in terms.items() if value is not None}
    whole = bool(terms) and len(there) == len(terms)
    return replace(result, reward=math.fsum(there.values()) if whole else None, reward_terms=there)


def _terms(reward_fn: RewardFn, result: CodeResult) -> dict[str, float | None]:
    name = type(reward_fn).__name__ if not hasattr(reward_fn, "__name__") else str(getattr(reward_fn, "__name__", ""))
    try:
        several: Any = getattr(reward_fn, "terms", None)
        terms = several(result) if callable(several) else {"reward_fn": reward_fn(result)}
        if not isinstance(terms, Mapping) or "verifier" in terms:
            raise TypeError("terms() must return named numbers, and `verifier` is taken")
        return {str(key): _number(value) for key, value in cast("Mapping[str, object]", terms).items()}
    except ClaudeBoxError:
        raise
    except Exception as error:
        raise RewardError(f"reward_fn {name} failed: {type(error).__name__}: {error}", result=result) from error


def _number(value: object) -> float | None:
    if value is None:
        return None
    number = float(cast("float", value))
    if isinstance(value, str) or not math.isfinite(number):
        raise ValueError(f"{value!r:.80} is no finite number")
    return number
