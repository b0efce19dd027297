from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest
from gateway_parts import Given, error_of, ok, request

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway import Reply
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.lane import Lane, Lanes, LaneSettings
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block
from claudebox_rl.gateway.upstream import once

SERVER = "http://model"
THREE_TRIES = LaneSettings(max_retries=2)


def served(*replies: Reply | Exception | None) -> Given:
    return Given(*replies, endpoint=SERVER)


def good() -> Reply:
    return message_reply(request(), assistant_message(request(), [text_block("after all")]))


def broken(*chunks: bytes, kind: str) -> Reply:
    async def body():
        for chunk in chunks:
            yield chunk
        raise GatewayError("gone")

    return Reply(200, kind, body())


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Pauses of milliseconds."""
    monkeypatch.setattr("claudebox_rl.gateway.lane.BACKOFF_S", 0.002)


@pytest.mark.parametrize(
    "failure",
    [
        *(pytest.param(lambda status=status: error_reply(status, "x"), id=str(status)) for status in (429, 500, 502)),
        *(pytest.param(lambda status=status: error_reply(status, "x"), id=str(status)) for status in (503, 529)),
        pytest.param(lambda: GatewayError("nobody there"), id="unreachable"),
        pytest.param(lambda: broken(b'{"id"', kind="application/json"), id="whole answer breaks"),
        pytest.param(lambda: broken(kind="text/event-stream"), id="stream breaks before its first byte"),
    ],
)
async def test_what_may_pass_is_tried_again_and_accounted_for_once(enter, failure):
    agent = enter(served(failure(), failure(), good()), lane=THREE_TRIES)
    response = await agent.post()
    assert response.json()["content"][0]["text"] == "after all"
    assert len(agent.episode.upstream.asked) == 3
    (call,) = agent.episode.calls
    assert (call.status, call.response["content"][0]["text"]) == (200, "after all")


async def test_tries_are_bounded_and_the_last_answer_goes_on(enter):
    agent = enter(served(*(error_reply(529, f"busy {number}") for number in range(9))), lane=THREE_TRIES)
    response = await agent.post()
    assert error_of(response) == (529, "overloaded_error")
    assert "busy 2" in response.text
    assert len(agent.episode.upstream.asked) == 3
    assert [call.status for call in agent.episode.calls] == [529]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 504])
async def test_what_would_fail_again_is_not_tried_again(enter, status):
    agent = enter(served(error_reply(status, "no"), good()), lane=THREE_TRIES)
    assert (await agent.post()).status_code == status
    assert len(agent.episode.upstream.asked) == 1


async def test_a_fault_of_ours_is_not_tried_again(enter):
    agent = enter(served(RuntimeError("x"), good()), lane=THREE_TRIES)
    response = await agent.post()
    assert (response.status_code, response.headers["x-should-retry"]) == (500, "false")
    assert len(agent.episode.upstream.asked) == 1


async def test_a_stream_of_which_something_was_sent_is_never_begun_again(enter):
    first = b'event: message_start\ndata: {"type": "message_start", "message": {"content": [], "usage": {}}}\n\n'
    agent = enter(served(broken(first, kind="text/event-stream"), good()), lane=THREE_TRIES)
    with pytest.raises(httpx.RemoteProtocolError):
        await agent.post(stream=True)
    assert len(agent.episode.upstream.asked) == 1


async def test_an_upstream_without_a_server_is_asked_once(enter):
    agent = enter(Given(error_reply(529, "scripted"), good()), lane=THREE_TRIES)
    assert (await agent.post()).status_code == 529


async def test_a_server_s_wish_is_heard_within_the_bound(enter):
    asked = [error_reply(429, "later", {"retry-after": "0.3"}), good()]
    agent = enter(served(*asked), lane=THREE_TRIES)
    started = time.monotonic()
    assert (await agent.post()).status_code == 200
    assert 0.3 <= time.monotonic() - started < 20
    agent = enter(served(error_reply(429, "much later", {"retry-after": "31"}), good()), lane=THREE_TRIES)
    response = await asyncio.wait_for(agent.post(), 2)
    assert (response.status_code, response.headers["retry-after"]) == (429, "31")


async def test_what_failed_tries_hold_is_released(enter):
    released = []

    def holding(number):
        async def release():
            released.append(number)

        return Reply(503, "application/json", once(b"{}"), aclose=release)

    agent = enter(served(holding(0), holding(1), good()), lane=THREE_TRIES)
    await agent.post()
    assert released == [0, 1]


async def test_the_breaker_leaves_a_dead_server_alone_for_all_of_its_episodes(enter):
    def dead():
        return served(*(error_reply(503, "down") for _ in range(20)))

    agents = [enter(dead(), lane=THREE_TRIES) for _ in range(4)]
    for agent in agents[:3]:
        await agent.post()
    asked = sum(len(agent.episode.upstream.asked) for agent in agents)
    assert asked == 8, "the eighth failure in a row opened it, and the ninth try was not made"
    other = enter(Given(good(), endpoint="http://another"), lane=THREE_TRIES)
    assert (await other.post()).status_code == 200


async def test_a_server_that_comes_back_within_the_tries_is_not_noticed_by_the_agent(enter):
    failures = [error_reply(503, "down") for _ in range(8)]
    agent = enter(served(*failures, good()), lane=LaneSettings(max_retries=12))
    assert (await agent.post()).status_code == 200
    assert len(agent.episode.calls) == 1


async def test_calls_beyond_the_bound_wait_for_their_turn(enter):
    lane = LaneSettings(max_concurrent=2)
    waiting = [served(None) for _ in range(5)]
    agents = [enter(upstream, lane=lane) for upstream in waiting]
    asking = [asyncio.ensure_future(agent.post()) for agent in agents]
    for _ in range(500):
        if sum(len(upstream.asked) for upstream in waiting) >= 2:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert sum(len(upstream.asked) for upstream in waiting) == 2
    for upstream in waiting:
        upstream.release.set()
    assert [(await answer).status_code for answer in asking] == [200] * 5
    assert sum(call.queue_s > 0.09 for agent in agents for call in agent.episode.calls) == 3


async def test_turns_come_in_order():
    lane, came = Lane(LaneSettings(max_concurrent=1)), []

    async def call(number: int) -> None:
        async with lane.place():
            came.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(call, range(6)))
    assert came == [0, 1, 2, 3, 4, 5]


async def test_who_waits_too_long_is_told_to_come_back(enter):
    lane = LaneSettings(max_concurrent=1, queue_timeout_s=0.1)
    busy, late = enter(served(None), lane=lane), enter(served(good()), lane=lane)
    asking = asyncio.ensure_future(busy.post())
    await busy.episode.upstream.entered.wait()
    response = await late.post()
    assert error_of(response) == (529, "overloaded_error")
    assert response.headers["retry-after"] == "5"
    assert late.episode.upstream.asked == []
    busy.episode.upstream.release.set()
    await asking


async def test_an_episode_that_ends_gives_its_turn_back(enter):
    lane = LaneSettings(max_concurrent=1)
    first, second = enter(served(None), lane=lane), enter(served(good()), lane=lane)
    holding = asyncio.ensure_future(first.post())
    await first.episode.upstream.entered.wait()
    waiting = asyncio.ensure_future(second.post())
    await asyncio.sleep(0.05)
    first.episode.close()
    assert (await asyncio.wait_for(waiting, 2)).status_code == 200
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await holding


async def test_a_pause_between_two_tries_ends_with_the_episode(enter):
    agent = enter(served(error_reply(429, "later", {"retry-after": "20"}), good()), lane=THREE_TRIES)
    asking = asyncio.ensure_future(agent.post())
    await agent.episode.upstream.entered.wait()
    agent.episode.close()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await asyncio.wait_for(asking, 2)
    assert [call.status for call in agent.episode.calls] == [0]


def test_episodes_of_one_server_share_a_lane_and_the_last_one_takes_it_along():
    lanes, settings = Lanes(), LaneSettings()
    first = lanes.lane(served(), settings)
    assert lanes.lane(served(), settings) is first
    assert lanes.lane(Given(endpoint="http://another"), settings) is not first
    assert lanes.lane(Given(), settings) is not lanes.lane(Given(), settings)
    del first
    assert not lanes._lanes


async def test_a_lane_costs_little():
    async def ask() -> Reply:
        return ok(json.dumps({}))

    lane = Lane()
    started = time.process_time()
    for _ in range(200):
        async with lane.place():
            await lane.ask(ask)
    assert (time.process_time() - started) / 200 < 0.002
