from __future__ import annotations

import json

import httpx
import pytest
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import make_upstream
from claudebox_rl.gateway.messages import assistant_message, encode_event, message_events, text_block
from claudebox_rl.types import Usage

KEY = "sk-ant-test-0123456789"
MESSAGE = assistant_message(request(), [text_block("é hello")], Usage(12, 5, 2))
STREAM = b"".join(encode_event(event) for event in message_events(MESSAGE))


@pytest.fixture
def passing(enter, stand_in, monkeypatch):
    """An agent whose calls go through to the stand-in server."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)

    def open_(*answer, **options):
        stand_in.answer = list(answer)
        return enter("anthropic", model="m", base_url=f"http://127.0.0.1:{stand_in.port}", **options)

    return open_


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def no_key_in(response: httpx.Response) -> None:
    assert KEY not in str(response.headers) + response.text


async def test_the_key_goes_up_and_never_down_and_bytes_are_identical(passing, stand_in):
    headers = (
        "content-type: text/event-stream; charset=utf-8",
        "request-id: req_7",
        f"x-echo: {KEY}",
        "set-cookie: a=b",
    )
    limits = ("anthropic-ratelimit-requests-remaining: 9", "retry-after: 2")
    agent = passing(http("200 OK", STREAM, *headers, *limits))
    sent = {
        "x-api-key": agent.episode.secret,
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "one,two",
        "content-type": "application/json",
        "x-claude-code-session-id": "s",
        "cookie": "c=d",
    }
    response = await agent.post(request(stream=True), headers=sent)
    assert response.content == STREAM
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["request-id"] == "req_7"
    assert response.headers["anthropic-ratelimit-requests-remaining"] == "9"
    assert {"x-echo", "set-cookie"}.isdisjoint(response.headers)
    no_key_in(response)

    head = stand_in.heads[0].lower()
    assert head.startswith("post /v1/messages?beta=true http/1.1\r\n")
    for line in (f"x-api-key: {KEY}", "anthropic-version: 2023-06-01", "anthropic-beta: one,two"):
        assert f"\r\n{line}\r\n" in head
    assert "accept-encoding: identity" in head
    assert "content-type: application/json" in head
    assert "x-claude-code" not in head
    assert "cookie" not in head
    assert agent.episode.secret not in stand_in.heads[0]
    assert json.loads(stand_in.bodies[0]) == request(stream=True)

    call = agent.episode.calls[0]
    assert call.response == MESSAGE
    assert call.usage == Usage(12, 5, 2)
    assert KEY not in json.dumps([call.request, call.response])


async def test_the_episode_s_secret_does_not_go_up_in_a_prompt_either(passing, stand_in):
    agent = passing(http("200 OK", json.dumps(MESSAGE).encode(), "content-type: application/json"))
    await agent.post(request({"role": "user", "content": f"ANTHROPIC_API_KEY={agent.episode.secret}"}))
    assert b"ANTHROPIC_API_KEY=[redacted]" in stand_in.bodies[0]


async def test_a_token_goes_up_as_bearer(enter, stand_in, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-1")
    stand_in.answer = [http("200 OK", json.dumps(MESSAGE).encode(), "content-type: application/json")]
    agent = enter("anthropic", model="m", base_url=f"http://127.0.0.1:{stand_in.port}/")
    assert (await agent.post()).json() == MESSAGE
    assert "authorization: bearer token-1" in stand_in.heads[0].lower()
    assert "x-api-key" not in stand_in.heads[0].lower()


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 529])
async def test_the_api_s_own_errors_come_through_without_the_key(passing, status):
    body = json.dumps({"type": "error", "error": {"type": "some_error", "message": f"key {KEY} is bad"}}).encode()
    agent = passing(http(f"{status} Nope", body, "content-type: application/json", "retry-after: 7"))
    response = await agent.post()
    assert response.status_code == status
    assert response.json()["error"] == {"type": "some_error", "message": "key [redacted] is bad"}
    assert response.headers["retry-after"] == "7"
    no_key_in(response)
    call = agent.episode.calls[0]
    assert call.status == status
    assert call.response["error"]["message"] == "key [redacted] is bad"


async def test_garbage_comes_through_and_is_recorded_as_nothing(passing):
    agent = passing(http("200 OK", b"<html>", "content-type: text/html"))
    response = await agent.post(stream=True)
    assert (response.status_code, response.content) == (200, b"<html>")
    assert (agent.episode.calls[0].status, agent.episode.calls[0].response) == (200, None)


@pytest.mark.parametrize("answer", [(None,), (b"",), (b"\x00nonsense\r\n\r\n",)], ids=["reset", "closed", "not http"])
async def test_a_broken_connection_is_a_502_in_the_api_s_shape(passing, answer):
    response = await passing(*answer).post()
    assert (response.status_code, response.json()["error"]["type"]) == (502, "api_error")
    no_key_in(response)


async def test_nobody_listening_is_a_502(enter, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    agent = enter("anthropic", model="m", base_url="http://127.0.0.1:1")
    assert (await agent.post()).status_code == 502


async def test_a_hang_is_a_504_after_the_time_that_was_set(passing):
    response = await passing(30.0, read_timeout_s=0.2).post()
    assert (response.status_code, response.json()["error"]["type"]) == (504, "api_error")


@pytest.mark.parametrize("end", [None, 30.0], ids=["reset", "stall"])
async def test_a_stream_that_breaks_is_cut_and_kept_as_far_as_it_came(passing, end):
    start = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99999\r\n\r\n" + STREAM[:-120]
    agent = passing(start, 0.05, end, read_timeout_s=0.3)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post(stream=True)
    call = agent.episode.calls[0]
    assert call.status == 200
    assert call.response["content"] == MESSAGE["content"]


async def test_a_whole_answer_that_breaks_is_a_502(passing):
    agent = passing(
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{"id"', 0.05, None
    )
    assert (await agent.post()).status_code == 502
    assert agent.episode.calls[0].status == 502


async def test_each_piece_is_passed_on_as_it_comes(passing):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    agent = passing(head + STREAM[:100], 1.0, STREAM[100:])
    headers = {"x-api-key": agent.episode.secret}
    async with agent.client.stream("POST", agent.url(), json=request(stream=True), headers=headers) as response:
        pieces = [piece async for piece in response.aiter_raw()]
    assert pieces[0] == STREAM[:100]
    assert b"".join(pieces) == STREAM


def test_a_missing_key_is_named(monkeypatch):
    with pytest.raises(ConfigError, match="set ANTHROPIC_API_KEY"):
        make_upstream("anthropic", {"model": "m"})
    monkeypatch.setenv("ANTHROPIC_API_KEY", "  ")
    with pytest.raises(ConfigError, match="set ANTHROPIC_API_KEY"):
        make_upstream("anthropic", {"model": "m"})


def test_a_key_that_can_t_be_a_header_is_refused_unseen(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-a\nb: c")
    with pytest.raises(ConfigError) as caught:
        make_upstream("anthropic", {"model": "m"})
    assert "sk-a" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"model": ""},
        {"model": "m", "base_url": "ftp://x"},
        {"model": "m", "base_url": "api.anthropic.com"},
        {"model": "m", "base_url": "https://user:pass@x"},
        {"model": "m", "base_url": "http://x:port"},
        {"model": "m", "read_timeout_s": 0},
        {"model": "m", "read_timeout_s": True},
        {"model": "m", "key": "sk"},
    ],
)
def test_refuses_bad_options(monkeypatch, options):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with pytest.raises(ConfigError, match="model anthropic"):
        make_upstream("anthropic", options)
