"""What a success cost, against a budget."""

from __future__ import annotations

import math

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards.function import RewardFunction
from claudebox_rl.types import CodeResult


class EfficiencyReward(RewardFunction):
    """How much a successful prompt left of its budgets.

    Range: 0 to 1. Formula: the mean over the budgets of `max(0, 1 - used / budget)`; 0 where the prompt did not
    succeed, since all it used was for nothing. Source: `action_log`, `usage` (the gateway's count, cached
    tokens included) and `duration_s`. Tokens are left out where the gateway counted none, as with agents that ask no
    model.

    Args:
        tool_calls: Budget of tool calls; None leaves it out. As the others, above 0.
        tokens: Budget of input and output tokens together.
        time_s: Budget of wall time. It depends on the machine: leave it out (None) where numbers must come again.

    Raises:
        ConfigError: A budget is not above 0, or there is none.
    """

    name = "efficiency"

    def __init__(
        self, *, tool_calls: float | None = 20, tokens: float | None = 200_000, time_s: float | None = 600
    ) -> None:
        budgets = {"tool_calls": tool_calls, "tokens": tokens, "time_s": time_s}
        self.budgets = {name: float(budget) for name, budget in budgets.items() if budget is not None}
        if not self.budgets:
            raise ConfigError("efficiency: give at least one budget: tool_calls, tokens or time_s")
        for name, budget in self.budgets.items():
            if not math.isfinite(budget) or budget <= 0:
                raise ConfigError(f"efficiency: {name} must be above 0, not {budget:g}")

    def measure(self, result: CodeResult) -> float | None:
        """Return the part of the budget that is left; None where nothing of it was measured."""
        tokens = result.usage.input_tokens + result.usage.output_tokens
        used = {"tool_calls": float(len(result.action_log)), "tokens": float(tokens), "time_s": result.duration_s}
        known = {name: budget for name, budget in self.budgets.items() if name != "tokens" or tokens > 0}
        if not known:
            return None
        if not result.success:
            return 0.0
        return math.fsum(max(0.0, 1 - used[name] / budget) for name, budget in known.items()) / len(known)
