from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import make_upstream

SCRIPT = """
- {status: 529, error: try later}
- text: I look first.
  tools: [{name: Bash, input: {command: ls}}, {name: Read, input: {file_path: /x}}]
  usage: {input_tokens: 120, output_tokens: 30}
- garbage: true
- drop: true
- text: Done.
"""


def user(text="go"):
    return {"role": "user", "content": text}


def model(text="x"):
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(SCRIPT)
    return str(path)


async def test_plays_a_file_by_the_place_in_the_conversation(enter, script):
    agent = enter("scripted", script=script)
    assert agent.episode.upstream.model == "claudebox-scripted"
    busy = await agent.post(request(user()))
    assert (busy.status_code, busy.json()["error"]) == (529, {"type": "overloaded_error", "message": "try later"})
    for _ in range(2):
        first = (await agent.post(request(user()))).json()
        assert [block["type"] for block in first["content"]] == ["text", "tool_use", "tool_use"]
        assert first["usage"]["input_tokens"] == 120
    talk = [user(), model(), user("results")]
    garbage = await agent.post(request(*talk))
    assert (garbage.status_code, garbage.headers["content-type"]) == (200, "text/html")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post(request(*talk))
    assert (await agent.post(request(*talk))).json()["content"][0]["text"] == "Done."
    over = await agent.post(request(*talk, model(), user()))
    assert (over.status_code, over.json()["error"]["type"]) == (400, "invalid_request_error")
    calls = agent.episode.calls
    assert [call.status for call in calls] == [529, 200, 200, 200, 0, 200, 400]
    assert [call.response is None for call in calls] == [False, False, False, True, True, False, False]
    assert calls[1].usage.output_tokens == 30


async def test_counts_from_where_the_conversation_stood_and_starts_anew_with_it(enter):
    agent = enter("scripted", script=[{"text": "one"}, {"text": "two", "repeat": True}])

    async def say(*messages):
        return (await agent.post(request(*messages))).json()["content"][0]["text"]

    old = [user(), model(), user(), model()]
    assert await say(*old, user()) == "one"
    assert await say(*old, user(), model(), user()) == "two"
    assert await say(*old, user(), model(), user(), model(), user()) == "two"
    assert await say(user()) == "one"


async def test_a_repeated_fault_never_ends_and_a_sub_agent_does_not_use_the_script(enter):
    agent = enter("scripted", script=[{"status": 429, "repeat": True}])
    secret = {"x-api-key": agent.episode.secret}
    for _ in range(3):
        assert (await agent.post()).status_code == 429
    assert (await agent.post(headers={**secret, "x-claude-code-agent-id": "a"})).status_code == 200


async def test_hang_and_delay(enter):
    agent = enter("scripted", script=[{"hang": True}, {"text": "late", "delay_s": 0.3}])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(agent.post(), 0.2)
    started = asyncio.get_running_loop().time()
    assert (await agent.post()).json()["content"][0]["text"] == "late"
    assert asyncio.get_running_loop().time() - started > 0.29


async def test_streamed_and_whole_answers_are_equal(enter, script):
    agent = enter("scripted", script=script)
    await agent.post()
    await agent.post(stream=False)
    await agent.post(stream=True)
    _, whole, streamed = agent.episode.calls
    assert json.dumps(whole.response, sort_keys=True) == json.dumps(streamed.response, sort_keys=True)
    assert whole.usage == streamed.usage


@pytest.mark.parametrize(
    ("turn", "field", "match"),
    [
        ("x", "turn", "mapping"),
        ({}, "turn", "needs text, tools"),
        ({"txt": "a"}, "txt", "unknown; known: text"),
        ({"text": 1}, "text", "must be a text"),
        ({"tools": {}}, "tools", "must be a list"),
        ({"tools": [{"name": "Bash"}]}, "tools", "entries"),
        ({"tools": [{"name": "Bash", "input": []}]}, "tools", "mapping"),
        ({"tools": [{"name": "Bash", "input": {"x": float("nan")}}]}, "tools", "JSON"),
        ({"text": "a", "usage": {"tokens": 1}}, "usage", "nothing else"),
        ({"text": "a", "usage": {"input_tokens": -1}}, "usage", "counts"),
        ({"status": 200}, "status", "400 to 599"),
        ({"status": True}, "status", "400 to 599"),
        ({"text": "a", "error": "b"}, "turn", "no status"),
        ({"text": "a", "hang": True}, "turn", "can't have hang beside text"),
        ({"garbage": True, "drop": True}, "turn", "can't have garbage beside drop"),
        ({"hang": "yes"}, "hang", "true or false"),
        ({"text": "a", "delay_s": -1}, "delay_s", "0 or more"),
        ({"text": "a", "repeat": True}, "turn", "last turn only"),
    ],
)
def test_refuses_a_malformed_turn_by_file_turn_and_field(turn, field, match):
    with pytest.raises(ConfigError, match=match) as caught:
        make_upstream("scripted", {"script": [{"text": "fine"}, turn, {"text": "fine"}]})
    assert caught.value.context == {"file": "script", "turn": 1, "field": field}
    assert str(caught.value).startswith(f"script: turn 1: {field} ")


@pytest.mark.parametrize("content", [b"", b"a: 1", b"- [", b"\xff", None])
def test_refuses_a_file_that_holds_no_script(tmp_path, content):
    path = tmp_path / "script.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"script\.yaml"):
        make_upstream("scripted", {"script": str(path)})


def test_the_script_is_required():
    with pytest.raises(ConfigError, match="option script is missing"):
        make_upstream("scripted", {})
