"""The budget of a session: what is asked for, and what it makes of a prompt that it stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from claudebox_rl.agent import agent_class
from claudebox_rl.config import AgentConfig, BudgetConfig, parse, to_json
from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import GatewayEpisode
from claudebox_rl.types import CodeResult, Failure

Budget = Mapping[str, Any] | BudgetConfig | None
_SHORTEST_S = 0.001
_STOPPED = frozenset({Failure.API_ERROR, Failure.EXECUTION, Failure.TIMEOUT})
"""How a prompt ends whose calls are refused, or whose time is over."""


def find_budget(budget: Budget) -> BudgetConfig:
    """Make the budget that was asked for; None: one without limits.

    Raises:
        ConfigError: An unknown field, or a limit that is not above 0.
    """
    found = parse(BudgetConfig, budget or {}, key="model_calls", where="budget")
    for name, limit in to_json(found).items():
        if limit is not None and not (math.isfinite(limit) and limit > 0):
            raise ConfigError(f"budget.{name} must be above 0, not {limit!r}; leave it out for no limit", field=name)
    return found


def check_budget(budget: BudgetConfig, agent: AgentConfig) -> None:
    """Refuse limits that nobody holds: they are held at the door to the model, which not every agent has.

    Raises:
        ConfigError: The agent asks no model, and the budget has limits.
    """
    if budget != BudgetConfig() and not agent_class(agent.name).needs_model:
        raise ConfigError(f"agent={agent.name} asks no model, so it has no budget; use agent=claude", field="budget")


def within(door: GatewayEpisode | None, limit_s: float | None) -> float | None:
    """Return how long a prompt may take which may take `limit_s`, as far as wall time is left."""
    if door is None or door.left_s is None:
        return limit_s
    return shorter(limit_s, door.left_s)


def shorter(limit_s: float | None, left_s: float | None) -> float | None:
    """Return the shorter of two times, the second of which may be over; None: without limit."""
    if left_s is None:
        return limit_s
    left_s = max(left_s, _SHORTEST_S)
    return left_s if limit_s is None else min(left_s, limit_s)


def held(result: CodeResult, door: GatewayEpisode | None) -> CodeResult:
    """Return the result of a prompt with the budget as its failure, where that is what stopped it."""
    if door is None or result.failure not in _STOPPED:
        return result
    if result.failure is Failure.TIMEOUT and door.left_s == 0:
        door.expire()
    if door.exhausted is None:
        return result
    error = f"the session's budget is used up: {door.exhausted}"
    return replace(result, failure=Failure.BUDGET, error=error, exhausted=door.exhausted)
