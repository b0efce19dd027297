"""What a session's model costs, by its own prices, and held to them."""

from __future__ import annotations

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError
from claudebox_rl.types import Failure

SCRIPT = [
    {"tools": [{"name": "Bash", "input": {"command": "true"}}], "usage": {"input_tokens": 500, "output_tokens": 40}},
    {"text": "done", "usage": {"input_tokens": 600, "output_tokens": 10}},
]
PRICES = {"input": 2, "output": 10}


def priced(**prices: float) -> dict:
    return {"upstream": "scripted", "options": {"script": SCRIPT}, "prices": prices}


async def test_calls_cost_what_the_model_s_own_prices_say(local_sandbox):
    async with ClaudeBox(model=priced(**PRICES), sandbox=local_sandbox) as box:
        result = await box.code("go")
        calls = box.take_model_calls()
        metadata = box.metadata
    assert result.success
    assert [call.cost_usd for call in calls] == pytest.approx([0.0014, 0.0013])
    assert result.cost_usd == metadata.cost_usd == pytest.approx(0.0027)


async def test_where_no_price_is_known_dollars_are_the_agent_s_own(local_sandbox):
    model = {"upstream": "scripted", "options": {"script": SCRIPT}}
    async with ClaudeBox(model=model, sandbox=local_sandbox) as box:
        result = await box.code("go")
        calls = box.take_model_calls()
    assert [call.cost_usd for call in calls] == [None, None]
    assert result.cost_usd == pytest.approx(
        (1100 * 4 + 50 * 20) / 1e6
    )  # the CLI takes a model it does not know for Opus


async def test_dollars_are_a_budget(local_sandbox):
    async with ClaudeBox(model=priced(**PRICES), sandbox=local_sandbox, budget={"cost_usd": 0.001}) as box:
        result = await box.code("go")
        calls = box.take_model_calls()
    assert (result.failure, result.exhausted) == (Failure.BUDGET, "cost_usd")
    assert [call.status for call in calls] == [200, 403]


async def test_rates_that_are_none_are_refused_when_it_opens(local_sandbox):
    box = ClaudeBox(model=priced(input=2), sandbox=local_sandbox)
    with pytest.raises(ConfigError, match=r"model\.prices: output is missing"):
        await box.open()
