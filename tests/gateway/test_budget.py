from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest
from gateway_parts import Given, error_of, ok, request

from claudebox_rl.config import BudgetConfig
from claudebox_rl.errors import BudgetExceededError
from claudebox_rl.gateway import Reply
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.budget import Account
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block
from claudebox_rl.types import ModelCall, Usage


def price(model: str, usage: Usage) -> float | None:
    """A dollar a thousand tokens of output."""
    return usage.output_tokens / 1000 if model == "priced" else None


def reply(input_tokens: int = 0, output_tokens: int = 0) -> Reply:
    message = assistant_message(request(), [text_block("x")], Usage(input_tokens, output_tokens))
    return message_reply(request(), message)


async def settled(upstream: Given, num_asked: int) -> None:
    """Wait until so many calls are at the upstream, and see that there are no more."""
    for _ in range(500):
        if len(upstream.asked) >= num_asked:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert len(upstream.asked) == num_asked


def call(status: int = 200, cost_usd: float | None = None, **usage: int) -> ModelCall:
    return ModelCall("c", "e", {}, {"content": []}, status, usage=Usage(**usage), cost_usd=cost_usd)


@pytest.mark.parametrize(
    ("budget", "used", "num_answers"),
    [
        (BudgetConfig(model_calls=3), (10, 10), 3),
        (BudgetConfig(input_tokens=100), (40, 1), 3),
        (BudgetConfig(output_tokens=100), (1, 50), 2),
        (BudgetConfig(model_calls=5, output_tokens=100), (1, 99), 2),
    ],
    ids=["calls", "input", "output", "the first that is reached"],
)
async def test_a_limit_is_passed_by_at_most_one_call(enter, budget, used, num_answers):
    agent = enter(Given(*(reply(*used) for _ in range(9))), budget=budget)
    statuses = [(await agent.post()).status_code for _ in range(num_answers)]
    assert statuses == [200] * num_answers
    assert agent.episode.exhausted is None
    refused = await agent.post()
    name = "output_tokens" if budget.output_tokens else "input_tokens" if budget.input_tokens else "model_calls"
    assert error_of(refused) == (403, "permission_error")
    assert f"{name}={getattr(budget, name)}" in refused.text
    assert agent.episode.exhausted == name
    assert len(agent.episode.upstream.asked) == num_answers
    assert [call.status for call in agent.episode.calls] == [200] * num_answers + [403]


async def test_calls_at_the_same_time_do_not_pass_the_limit_of_calls(enter):
    upstream = Given(*[None] * 9)
    agent = enter(upstream, budget=BudgetConfig(model_calls=3))
    asking = [asyncio.ensure_future(agent.post()) for _ in range(6)]
    await settled(upstream, 3)
    upstream.release.set()
    statuses = sorted([(await answer).status_code for answer in asking])
    assert statuses == [200, 200, 200, 403, 403, 403]


async def test_calls_at_the_same_time_do_not_pass_a_limit_of_tokens_by_more_than_one_call(enter):
    """Each may use 400: the first leaves too little for a second at its side, though it uses 10."""
    agent = enter(Given(*(reply(1, 10) for _ in range(20))), budget=BudgetConfig(output_tokens=35))
    asking = [asyncio.ensure_future(agent.post(max_tokens=400)) for _ in range(8)]
    statuses = sorted([(await answer).status_code for answer in asking])
    assert statuses == [200] * 4 + [403] * 4
    assert sum(call.usage.output_tokens for call in agent.episode.calls) == 40


async def test_calls_go_side_by_side_while_all_that_they_may_use_is_there(enter):
    upstream = Given(None, None, None)
    agent = enter(upstream, budget=BudgetConfig(output_tokens=1000))
    asking = [asyncio.ensure_future(agent.post(max_tokens=400)) for _ in range(3)]
    await settled(upstream, 3)  # 400 + 400 leave 200 for one more, that may pass the limit
    upstream.release.set()
    await asyncio.gather(*asking)


async def test_a_call_that_no_model_answered_is_not_counted(enter):
    replies = [error_reply(529, "busy"), Reply(0, "", reply().body), reply(), reply()]
    agent = enter(Given(*replies), budget=BudgetConfig(model_calls=2))
    assert (await agent.post()).status_code == 529
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post()
    assert [(await agent.post()).status_code for _ in range(3)] == [200, 200, 403]


async def test_a_partial_answer_is_counted_with_what_it_used(enter):
    async def body():
        usage = {"input_tokens": 50, "output_tokens": 1}
        start = {"type": "message_start", "message": {"content": [], "usage": usage}}
        yield f"data: {json.dumps(start)}\n\n".encode()
        await asyncio.sleep(60)

    agent = enter(Given(Reply(200, "text/event-stream", body()), reply()), budget=BudgetConfig(input_tokens=50))
    headers = {"x-api-key": agent.episode.secret}
    async with agent.client.stream("POST", agent.url(), json=request(), headers=headers) as response:
        async for _ in response.aiter_raw():
            break
    await asyncio.sleep(0.05)
    assert (await agent.post()).status_code == 403
    assert agent.episode.exhausted == "input_tokens"


async def test_calls_beyond_the_concurrent_ones_wait_and_none_is_refused(enter):
    upstream = Given(*[None] * 5)
    agent = enter(upstream, budget=BudgetConfig(concurrent_calls=2))
    asking = [asyncio.ensure_future(agent.post()) for _ in range(5)]
    await settled(upstream, 2)
    upstream.release.set()
    assert [(await answer).status_code for answer in asking] == [200] * 5
    assert agent.episode.exhausted is None


async def test_wall_time_cuts_the_call_in_flight_and_refuses_later_ones(enter):
    upstream = Given(None, None)
    agent = enter(upstream, budget=BudgetConfig(wall_s=0.3))
    started = time.monotonic()
    cut, later = await agent.post(), await agent.post()
    assert 0.3 <= time.monotonic() - started < 20
    assert error_of(cut) == error_of(later) == (403, "permission_error")
    assert agent.episode.exhausted == "wall_s"
    assert agent.episode.left_s == 0
    assert len(upstream.asked) == 1
    assert agent.episode.in_flight == ()


async def test_wall_time_cuts_a_stream_that_has_begun(enter):
    async def body():
        yield b'data: {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 7}}}\n\n'
        await asyncio.sleep(60)

    agent = enter(Given(Reply(200, "text/event-stream", body())), budget=BudgetConfig(wall_s=0.3))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await asyncio.wait_for(agent.post(stream=True), 3)
    assert agent.episode.exhausted == "wall_s"
    assert [(call.status, call.usage.input_tokens) for call in agent.episode.calls] == [(200, 7)]


async def test_an_agent_that_leaves_while_it_waits_is_not_counted(enter):
    upstream = Given(None, reply())
    agent = enter(upstream, budget=BudgetConfig(concurrent_calls=1, model_calls=2))
    first = asyncio.ensure_future(agent.post())
    await upstream.entered.wait()
    leaving = asyncio.ensure_future(agent.post())
    await asyncio.sleep(0.05)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(0.1)
    upstream.release.set()
    await first
    assert (await agent.post()).status_code == 200


async def test_budgets_of_episodes_are_apart(enter):
    agents = [enter("nop", budget=BudgetConfig(model_calls=1)) for _ in range(3)]
    for agent in agents:
        assert [(await agent.post()).status_code for _ in range(2)] == [200, 403]


async def test_dollars_are_reserved_by_the_price_of_the_longest_answer():
    account = Account(BudgetConfig(cost_usd=1.0), price)
    first, second = (account.ticket({"model": "priced", "max_tokens": 900}) for _ in range(2))
    async with first.admitted(), second.admitted():
        third = asyncio.ensure_future(account.ticket({"model": "priced", "max_tokens": 1}).admitted().__aenter__())
        await asyncio.sleep(0.02)
        assert not third.done(), "0.9 and 0.9 are reserved of 1.0"
        first.settle(call(cost_usd=0.1))
        await asyncio.sleep(0.02)
        assert not third.done(), "0.1 are used and 0.9 reserved"
        second.settle(call(cost_usd=0.2))
        await asyncio.wait_for(third, 1)
    assert account.exhausted is None


async def test_dollars_of_a_model_without_a_price_can_t_be_limited(enter):
    account = Account(BudgetConfig(cost_usd=1.0), price)
    with pytest.raises(BudgetExceededError, match="price of model 'unknown' is not known"):
        async with account.ticket({"model": "unknown"}).admitted():
            pass
    assert account.exhausted is None, "no limit was reached"
    agent = enter(Given(ok("{}")), budget=BudgetConfig(cost_usd=1.0))
    assert (await agent.post(model="unknown")).status_code == 403
    assert agent.episode.upstream.asked == []


async def test_an_answer_whose_dollars_are_unknown_counts_as_the_dearest():
    account = Account(BudgetConfig(cost_usd=1.0), price)
    ticket = account.ticket({"model": "priced", "max_tokens": 1000})
    async with ticket.admitted():
        ticket.settle(call(cost_usd=None))
    with pytest.raises(BudgetExceededError, match="cost_usd=1"):
        async with account.ticket({"model": "priced", "max_tokens": 1}).admitted():
            pass


async def test_dollars_are_held_by_the_list_of_prices(enter):
    answer = assistant_message(request(model="claude-sonnet-4-5"), [text_block("x")], Usage(100_000, 10_000))
    replies = [message_reply(request(), answer) for _ in range(5)]
    agent = enter(Given(*replies), budget=BudgetConfig(cost_usd=0.5))
    statuses = [(await agent.post(model="claude-sonnet-4-5")).status_code for _ in range(3)]
    assert statuses == [200, 200, 403], "a call costs 0.45 dollars"
    assert agent.episode.exhausted == "cost_usd"


async def test_a_settled_ticket_counts_once():
    account = Account(BudgetConfig(model_calls=2), price)
    ticket = account.ticket({})
    async with ticket.admitted():
        ticket.settle(call())
        ticket.settle(call())
    async with account.ticket({}).admitted():
        pass
