"""A budget holds a session of the real CLI, in the middle of a prompt."""

from __future__ import annotations

import time

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.config import BudgetConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.types import Failure

AGENT = {"name": "claude", "max_retries": 3}


def tool(command: str) -> dict:
    return {
        "tools": [{"name": "Bash", "input": {"command": command}}],
        "usage": {"input_tokens": 500, "output_tokens": 40},
    }


def endless(command: str = "true") -> dict:
    """A model that never comes to an end."""
    return {"upstream": "scripted", "options": {"script": [tool(command) for _ in range(30)]}}


@pytest.mark.parametrize(
    ("budget", "num_answers"),
    [({"model_calls": 3}, 3), ({"input_tokens": 1200}, 3), ({"output_tokens": 80}, 2)],
    ids=["calls", "input", "output"],
)
async def test_a_prompt_ends_with_at_most_one_call_over_the_budget(local_sandbox, budget, num_answers):
    (name,) = budget
    async with ClaudeBox(model=endless(), sandbox=local_sandbox, agent=AGENT, budget=budget) as box:
        result = await box.code("go on for ever", max_turns=None)
        calls = box.take_model_calls()
        again = await box.code("go on", max_turns=None)
        later = box.take_model_calls()
    assert (result.success, result.failure, result.exhausted) == (False, Failure.BUDGET, name)
    assert name in (result.error or "")
    assert [call.status for call in calls] == [200] * num_answers + [403]
    assert len(result.action_log) == num_answers
    assert (again.failure, again.exhausted) == (Failure.BUDGET, name)
    assert [call.status for call in later] == [403]


async def test_wall_time_ends_a_prompt_whose_tool_is_at_work(local_sandbox):
    async with ClaudeBox(model=endless("sleep 60"), sandbox=local_sandbox, budget={"wall_s": 4.0}) as box:
        started = time.monotonic()
        result = await box.code("sleep", max_turns=None)
        assert time.monotonic() - started < 40
    assert (result.failure, result.exhausted) == (Failure.BUDGET, "wall_s")


async def test_a_prompt_within_the_budget_is_as_without_one(local_sandbox):
    model = {"upstream": "scripted", "options": {"script": [tool("echo hi"), {"text": "done"}]}}
    budget = BudgetConfig(model_calls=2, wall_s=60, concurrent_calls=1)
    async with ClaudeBox(model=model, sandbox=local_sandbox, budget=budget) as box:
        result = await box.code("say hi")
    assert (result.success, result.response, result.exhausted) == (True, "done", None)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({"calls": 3}, "unknown field 'calls'"),
        ({"model_calls": 0}, "model_calls must be above 0"),
        ({"wall_s": float("nan")}, "wall_s must be above 0"),
        ({"cost_usd": "1"}, "cost_usd must be float or None"),
    ],
)
def test_refuses_what_is_no_budget(budget, message):
    with pytest.raises(ConfigError, match=message):
        ClaudeBox(model="nop", budget=budget)


def test_an_agent_without_a_model_has_no_budget():
    with pytest.raises(ConfigError, match="asks no model"):
        ClaudeBox("quickstart/fix-bug", model="nop", agent="oracle", budget={"wall_s": 5})


@pytest.mark.parametrize("field", ["max_concurrent_calls", "max_retries"])
async def test_numbers_of_a_model_are_checked(field):
    with pytest.raises(ConfigError, match=field):
        await ClaudeBox(model={"upstream": "nop", field: -1}, sandbox="fake", agent="claude").open()


def sub_agent(number: int) -> dict:
    asked = {"description": "look", "prompt": f"look into part {number}", "subagent_type": "general-purpose"}
    return {"name": "Agent", "input": asked}


async def test_calls_of_sub_agents_count_and_queue(local_sandbox):
    turns = [{"tools": [sub_agent(1), sub_agent(2)]}, {"text": "done"}]
    model = {"upstream": "scripted", "options": {"script": turns}}
    agent = {"name": "claude", "tools": ["Bash", "Agent"]}
    budget = {"model_calls": 3, "concurrent_calls": 1}
    async with ClaudeBox(model=model, sandbox=local_sandbox, agent=agent, budget=budget) as box:
        result = await box.code("have it looked into")
        calls = box.take_model_calls()
    assert (result.failure, result.exhausted) == (Failure.BUDGET, "model_calls")
    assert [call.status for call in calls] == [200, 200, 200, 403]
    assert [call.agent_path == "main" for call in calls] == [True, False, False, True]
    (_, first, second, _) = calls
    assert second.started_at + (second.queue_s or 0) >= first.started_at + first.latency_s, "one after the other"
