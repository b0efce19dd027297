"""The upstream that waits for somebody outside, behind a real gateway."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import Gateway, make_upstream
from claudebox_rl.gateway.upstreams import policy
from claudebox_rl.gateway.upstreams.policy import PolicyUpstream, read_answer
from claudebox_rl.types import Usage

REQUEST: dict[str, Any] = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def door():
    gateway = Gateway()
    await gateway.start()
    upstream = make_upstream("policy", {})
    assert isinstance(upstream, PolicyUpstream)
    episode = gateway.open_episode("e1", upstream)
    headers = {"x-api-key": episode.secret}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}{episode.path}", headers=headers) as client:
        yield client, upstream, episode
    await gateway.stop()


def post(client: httpx.AsyncClient, text: str = "hi", **headers: str) -> asyncio.Task[httpx.Response]:
    body = {**REQUEST, "messages": [{"role": "user", "content": text}]}
    return asyncio.create_task(client.post("/v1/messages", json=body, headers=headers))


async def test_requests_are_answered_in_their_order_and_recorded(door) -> None:
    client, upstream, episode = door
    first = post(client, "one")
    asked = await upstream.line.first()
    second = post(client, "two", **{"x-claude-code-agent-id": "sub-1"})
    assert (asked.question.body["messages"][0]["content"], asked.question.agent_path) == ("one", "main")
    call = {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}
    given = {"content": [call, {**call, "id": "mine"}], "usage": {"input_tokens": 7, "output_tokens": 3}}
    upstream.line.answer(asked, read_answer(given))
    message = (await first).json()
    assert [block["id"] for block in message["content"]] == ["toolu_policy_0_0", "mine"]
    assert (message["stop_reason"], message["usage"]["output_tokens"]) == ("tool_use", 3)
    asked = await upstream.line.first()
    assert asked.question.agent_path == "sub-1"
    upstream.line.answer(asked, read_answer("text"))
    assert (await second).json()["content"] == [{"type": "text", "text": "text"}]
    assert [record.usage for record in episode.calls] == [Usage(7, 3), Usage()]


async def test_what_a_sampler_gave_is_recorded_with_the_call(door) -> None:
    client, upstream, episode = door
    asking = post(client)
    told = {"prompt_token_ids": [1, 2], "completion_token_ids": [3], "logprobs": [-0.5], "weight_version": "w1"}
    upstream.line.answer(
        await upstream.line.first(), read_answer({"content": "a", "stop_reason": "max_tokens", **told})
    )
    assert (await asking).json()["stop_reason"] == "max_tokens"
    (call,) = episode.calls
    assert (call.prompt_token_ids, call.completion_token_ids, call.logprobs) == ((1, 2), (3,), (-0.5,))
    assert call.weight_version == "w1"


async def test_a_request_that_was_given_up_leaves_the_line(door) -> None:
    client, upstream, episode = door
    asking = post(client)
    waiting = await upstream.line.first()
    asking.cancel()
    await asyncio.wait([waiting.answered], timeout=10)
    assert waiting.is_over
    assert len(upstream.line) == 0
    for _ in range(100):  # until the gateway has written it down
        if episode.calls:
            break
        await asyncio.sleep(0.05)
    assert [call.status for call in episode.calls] == [0]


async def test_a_streamed_request_hears_signs_of_life_while_it_waits(door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "PING_S", 0.05)
    client, upstream, episode = door
    heard: list[str] = []
    async with client.stream("POST", "/v1/messages", json={**REQUEST, "stream": True}) as response:
        async for line in response.aiter_lines():
            if not line.startswith("event: "):
                continue
            heard.append(line.removeprefix("event: "))
            if heard == ["ping", "ping"]:
                answer = read_answer({"content": "late", "completion_token_ids": [7]})
                upstream.line.answer(await upstream.line.first(), answer)
    assert heard[-6:] == ["message_start", "content_block_start", "content_block_delta", "content_block_stop",
                          "message_delta", "message_stop"]  # fmt: skip
    (call,) = episode.calls
    assert call.response["content"] == [{"type": "text", "text": "late"}]
    assert call.completion_token_ids == (7,)


async def test_closing_ends_what_waits(door) -> None:
    client, upstream, episode = door
    asking = post(client)
    await upstream.line.first()
    episode.close()
    with pytest.raises(httpx.HTTPError):
        await asking
    await upstream.aclose()
    assert len(upstream.line) == 0


CALL = {"type": "tool_use", "name": "Bash", "input": {}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "content\\[0\\].text must be a text that is not empty"),
        (3, "a text or an object with content, not 3"),
        ({}, "content must be a list of at least one block"),
        ({"content": []}, "at least one block"),
        ({"content": "x", "role": "assistant"}, "unknown 'role'; known: content"),
        ({"content": ["x"]}, "content\\[0\\] must be an object"),
        ({"content": [{"type": "image"}]}, "type must be one of text, tool_use"),
        ({"content": [{**CALL, "name": ""}]}, "name must be a text that is not empty"),
        ({"content": [{**CALL, "input": "ls"}]}, "input must be an object"),
        ({"content": [{**CALL, "input": {"x": float("nan")}}]}, "is no JSON"),
        ({"content": [{**CALL, "input": {"x": {1, 2}}}]}, "is no JSON"),
        ({"content": [{**CALL, "id": 7}]}, "id must be a text"),
        ({"content": "x", "stop_reason": "tired"}, "stop_reason must be one of"),
        ({"content": "x", "usage": {"tokens": 3}}, "usage is an object of input_tokens"),
        ({"content": "x", "usage": {"input_tokens": -1}}, "usage.input_tokens must be a whole number"),
        ({"content": "x", "prompt_token_ids": [1.5]}, "prompt_token_ids must be a list of whole numbers"),
        ({"content": "x", "completion_token_ids": [1, 2], "logprobs": [-1.0]}, "1 for 2 completion_token_ids"),
        ({"content": "x", "completion_token_ids": [1], "logprobs": [0.5]}, "finite numbers of at most 0"),
        ({"content": "x", "weight_version": 3}, "weight_version must be a text"),
    ],
)
def test_malformed_messages_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_answer(given)


def test_all_kinds_of_blocks_pass_unchanged() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "é🙂"},
        {**CALL, "id": "a"},
    ]
    assert json.loads(json.dumps(read_answer({"content": blocks}).content)) == blocks
