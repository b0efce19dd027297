"""What a prompt used, by the gateway's record of its model calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from claudebox_rl.call_types import ModelCall, total_cost_usd, total_usage
from claudebox_rl.types import CodeResult


def accounted(result: CodeResult, calls: Iterable[ModelCall]) -> CodeResult:
    """Return the result with the tokens and, where their price is known, the dollars of its model calls.

    Args:
        result: As the agent counts.
        calls: Those of the prompt.
    """
    cost_usd = total_cost_usd(calls)
    return replace(result, usage=total_usage(calls), cost_usd=result.cost_usd if cost_usd is None else cost_usd)
