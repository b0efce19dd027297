"""The upstream behind the gateway, against servers on the loopback."""

from __future__ import annotations

import json

import httpx
import pytest
from chat_server import serving
from chat_side import check_request, chunk, chunks_of, completion, sse
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import Keys, TaskFiles, make_upstream
from claudebox_rl.gateway.sse import EventReader
from claudebox_rl.types import Usage

KEY = "sk-test-0123456789"
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 4,
    "total_tokens": 14,
    "prompt_tokens_details": {"cached_tokens": 6},
}
WHOLE = completion({"content": "é hello"}, "stop", usage=USAGE)
COUNT = "/v1/messages/count_tokens"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


@pytest.fixture
def asking(enter, stand_in):
    """An agent whose calls go to the stand-in server, which is not asked what it is."""

    def open_(*answer, **options):
        stand_in.answer = list(answer)
        url = f"http://127.0.0.1:{stand_in.port}/v1/"
        return enter("openai", model="served", base_url=url, **{"capture_tokens": "never", **options})

    return open_


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def as_json(body, *headers, status="200 OK") -> bytes:
    return http(status, json.dumps(body).encode(), "content-type: application/json", *headers)


async def test_the_key_goes_up_and_never_down(asking, stand_in, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    agent = asking(as_json(WHOLE, f"x-echo: {KEY}", "x-weight-version: step-9"), extra_body={"seed": 3})
    response = await agent.post()
    message = response.json()
    assert message["content"] == [{"type": "text", "text": "é hello"}]
    assert message["usage"]["cache_read_input_tokens"] == 6
    assert KEY not in str(response.headers) + response.text

    head = stand_in.heads[0].lower()
    assert head.startswith("post /v1/chat/completions http/1.1\r\n")
    assert f"\r\nauthorization: bearer {KEY}\r\n" in head
    assert "anthropic" not in head
    assert agent.episode.secret not in stand_in.heads[0]
    sent = json.loads(stand_in.bodies[0])
    assert (sent["model"], sent["seed"], sent["max_tokens"]) == ("served", 3, 32000)
    assert {"logprobs", "return_token_ids", "stream"}.isdisjoint(sent)

    call = agent.episode.calls[0]
    assert call.response == message
    assert call.usage == Usage(10, 4, 6)
    assert call.weight_version == "step-9"
    assert KEY not in json.dumps([call.request, call.response])


async def test_the_seed_of_the_episode_is_sent_where_that_is_asked(enter, stand_in, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    served = {"model": "served", "base_url": f"http://127.0.0.1:{stand_in.port}", "capture_tokens": "never"}
    sent = []
    for options, seed in [({}, 7), ({"seeded": True}, 7), ({"seeded": True}, (5 << 31) + 9), ({"seeded": True}, None)]:
        stand_in.answer = [as_json(WHOLE)]
        agent = enter(make_upstream("openai", served | options, TaskFiles(seed=seed)))
        assert (await agent.post()).status_code == 200
        sent.append(json.loads(stand_in.bodies[-1]).get("seed"))
    assert sent == [None, 7, 9, None]


async def test_local_servers_need_no_key(asking, stand_in, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert (await asking(as_json(WHOLE)).post()).status_code == 200
    assert "authorization" not in stand_in.heads[0].lower()


async def test_a_stream_is_translated_as_it_comes(asking):
    first, rest = sse(chunk({"role": "assistant", "content": "one"}), done=False), [chunk({"content": " two"})]
    agent = asking(HEAD + first[:20], 0.05, first[20:], 0.5, sse(*rest, *chunks_of({}, "stop")))
    headers = {"x-api-key": agent.episode.secret}
    async with agent.client.stream("POST", agent.url(), json=request(stream=True), headers=headers) as response:
        pieces = [piece async for piece in response.aiter_raw()]
    assert b"one" in pieces[0]
    assert b"two" not in pieces[0]
    reader = EventReader()
    kinds = [event["type"] for piece in pieces for event in reader.feed(piece)]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert agent.episode.calls[0].response["content"] == [{"type": "text", "text": "one two"}]
    assert agent.episode.calls[0].usage == Usage(10, 4)


async def test_a_server_that_does_not_stream_is_streamed_all_the_same(asking):
    agent = asking(as_json(WHOLE))
    response = await agent.post(stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert agent.episode.calls[0].response["content"] == [{"type": "text", "text": "é hello"}]


async def test_a_stream_that_ends_without_done_is_whole_and_what_follows_done_is_not_awaited(asking):
    chunks = [chunk({"content": "x"}), chunk({}, "stop")]
    agent = asking(HEAD + sse(*chunks, done=False))
    assert (await agent.post(stream=True)).text.count("message_stop") == 2
    agent = asking(HEAD + sse(*chunks), 30.0)
    assert (await agent.post(stream=True)).text.count("message_stop") == 2


@pytest.mark.parametrize(
    ("end", "read_timeout_s"),
    [(None, 5), (30.0, 0.2), (b"", 5), (b"data: <html>\n\n", 5), (b'data: {"hello": 1}\n\n', 5)],
    ids=["reset", "stall", "closed", "garbage", "another object"],
)
async def test_a_stream_that_breaks_is_cut_and_kept_as_far_as_it_came(asking, end, read_timeout_s):
    agent = asking(HEAD + sse(chunk({"content": "so far"}), done=False), 0.05, end, read_timeout_s=read_timeout_s)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post(stream=True)
    call = agent.episode.calls[0]
    assert (call.status, call.response["stop_reason"]) == (200, None)
    assert call.response["content"] == [{"type": "text", "text": "so far"}]


async def test_an_error_amid_a_stream_is_the_api_s_error_event(asking):
    failing = sse(chunk({"content": "so far"}), {"error": {"message": "engine died", "code": 500}})
    agent = asking(HEAD + failing)
    assert "event: error" in (await agent.post(stream=True)).text
    assert agent.episode.calls[0].response["error"] == {"type": "api_error", "message": "engine died"}


@pytest.mark.parametrize(
    ("status", "expected", "kind"),
    [
        (400, 400, "invalid_request_error"),
        (401, 401, "authentication_error"),
        (403, 403, "permission_error"),
        (404, 404, "not_found_error"),
        (409, 400, "invalid_request_error"),
        (413, 413, "request_too_large"),
        (422, 400, "invalid_request_error"),
        (429, 429, "rate_limit_error"),
        (500, 500, "api_error"),
        (503, 529, "overloaded_error"),
        (504, 504, "api_error"),
    ],
)
async def test_errors_by_status_without_the_key(asking, monkeypatch, status, expected, kind):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    body = {"error": {"message": f"key {KEY} is bad", "type": "t", "param": None, "code": "c"}}
    response = await asking(as_json(body, "retry-after: 7", status=f"{status} Nope")).post()
    assert response.status_code == expected
    assert response.json()["error"] == {"type": kind, "message": "key [redacted] is bad"}
    assert response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"object": "error", "message": "m"}', "m"),
        (b'{"detail": [{"loc": ["body"], "msg": "m"}]}', '[{"loc": ["body"], "msg": "m"}]'),
        (b'{"error": "m"}', "m"),
        (b"plain", "plain"),
        (b"", "the model's server said 400"),
        (b"{}", "the model's server said 400"),
    ],
)
async def test_errors_in_the_shapes_of_several_servers(asking, body, message):
    assert (await asking(http("400 Nope", body)).post()).json()["error"]["message"] == message


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            "This model's maximum context length is 8192 tokens. However, you requested 4000 output tokens and your "
            "prompt contains at least 5000 input tokens",
            "input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192",
        ),
        (
            "Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of "
            "9000 tokens: 5000 tokens from the input messages and 4000 tokens for the completion.",
            "input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192",
        ),
        (
            "This model's maximum context length is 8192 tokens. However, your prompt contains at least 9000 input "
            "tokens, which exceeds this limit even without any output tokens.",
            "prompt is too long: 9000 tokens > 8192 maximum",
        ),
        (
            "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
            "prompt is too long: 9000 tokens > 8192 maximum",
        ),
        ("the context window is full", "prompt is too long"),
    ],
)
async def test_a_conversation_that_is_too_long_is_told_in_words_that_the_cli_acts_on(asking, told, expected):
    message = (await asking(as_json({"error": {"message": told}}, status="400 Bad")).post()).json()["error"]["message"]
    assert message.startswith(expected)
    assert told in message


async def test_an_error_that_comes_with_status_200_is_an_error(asking):
    agent = asking(as_json({"error": {"message": "no engine", "code": 503}}))
    assert (await agent.post()).status_code == 529


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": {}}]}'])
async def test_an_answer_that_is_none_is_a_502(asking, body):
    response = await asking(http("200 OK", body, "content-type: application/json")).post()
    assert (response.status_code, response.json()["error"]["type"]) == (502, "api_error")


async def test_what_can_t_be_translated_never_reaches_the_server(asking, stand_in):
    response = await asking().post(mcp_servers=[])
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert stand_in.heads == []


async def test_nobody_listening_is_a_502_and_a_hang_a_504(enter, asking):
    agent = enter("openai", model="m", base_url="http://127.0.0.1:1/v1")
    assert (await agent.post()).status_code == 502
    assert (await asking(30.0, read_timeout_s=0.2).post()).status_code == 504


async def test_a_server_that_has_to_give_token_ids_and_does_not_is_an_error(enter):
    async with serving(make_upstream("nop", {})) as server:
        agent = enter("openai", model="served", base_url=server.base_url, capture_tokens="always")
        response = await agent.post(tools=[])
        streamed = await agent.post(tools=[], stream=True)
    assert response.status_code == 400
    assert "0 token ids" in response.json()["error"]["message"]
    assert "message_stop" not in streamed.text
    assert [call.response["error"]["type"] for call in agent.episode.calls] == ["invalid_request_error"] * 2
    assert [body["return_token_ids"] for body in server.requests] == [True, True]


def test_the_check_of_chat_requests_finds_what_is_wrong():
    for wrong in ({"max_tokens": "many"}, {"grammar": "x"}, {"messages": [{"role": "user", "text": "x"}]}):
        with pytest.raises(AssertionError):
            check_request({"model": "m", "messages": [{"role": "user", "content": "x"}], **wrong})


@pytest.mark.parametrize(("owner", "asked"), [("vllm", True), ("tests", False)])
async def test_servers_that_give_token_ids_are_asked_for_them(enter, owner, asked):
    async with serving(make_upstream("nop", {}), owner) as server:
        agent = enter("openai", model="served", base_url=server.base_url)
        await agent.post(tools=[])
        await agent.post(tools=[], stream=True)
    assert [body.get("return_token_ids", False) for body in server.requests] == [asked, asked]
    assert [call.completion_token_ids for call in agent.episode.calls] == [None, None]


async def test_tokens_are_counted_by_servers_that_can(enter):
    async with serving(make_upstream("nop", {}), "vllm") as server:
        template = {"chat_template_kwargs": {"enable_thinking": False}}
        agent = enter("openai", model="served", base_url=server.base_url, extra_body={"seed": 1, **template})
        answer = await agent.client.post(agent.url(COUNT), json=request(), headers={"x-api-key": agent.episode.secret})
    assert answer.json() == {"input_tokens": 1}
    (asked,) = server.requests
    assert asked.keys() == {"model", "messages", "tools", *template}


async def test_where_no_server_counts_tokens_are_estimated(enter):
    async with serving(make_upstream("nop", {})) as server:
        agent = enter("openai", model="served", base_url=server.base_url)
        answer = await agent.client.post(agent.url(COUNT), json=request(), headers={"x-api-key": agent.episode.secret})
    assert answer.json()["estimated"] is True
    assert server.requests == []


def test_a_key_that_was_named_must_be_there(monkeypatch):
    with pytest.raises(ConfigError, match="set VLLM_KEY"):
        make_upstream("openai", {"model": "m", "api_key_env": "VLLM_KEY"})
    monkeypatch.setenv("VLLM_KEY", KEY)
    assert make_upstream("openai", {"model": "m", "api_key_env": "VLLM_KEY"}).secrets == (KEY,)
    given = TaskFiles(keys=Keys(api_key="sk-session"))
    assert make_upstream("openai", {"model": "m"}, given).secrets == ("sk-session",)
    monkeypatch.setenv("VLLM_KEY", "sk-a\nb: c")
    with pytest.raises(ConfigError) as caught:
        make_upstream("openai", {"model": "m", "api_key_env": "VLLM_KEY"})
    assert "sk-a" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://x", "localhost:8000/v1", "https://user:pass@x"])
def test_refuses_a_url_that_is_none(url):
    with pytest.raises(ConfigError, match="base_url"):
        make_upstream("openai", {"model": "m", "base_url": url})
