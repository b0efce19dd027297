from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket

import httpx
import pytest
from gateway_parts import Given, error_of, ok, request

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway import Gateway, Reply
from claudebox_rl.gateway.messages import assistant_message, encode_event, message_events, text_block
from claudebox_rl.gateway.upstream import Sampled, once


async def test_leaves_signal_handlers_alone():
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    gateway = Gateway()
    await gateway.start()
    try:
        assert [signal.getsignal(number) for number in numbers] == before
    finally:
        await gateway.stop()


async def test_listens_on_loopback_alone(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port)):
        pass
    with pytest.raises(OSError, match=r"refused|reach|assign"):
        socket.create_connection(("127.0.0.2", gateway.port), timeout=1)


async def test_answers_the_right_secret_in_both_headers(enter):
    agent = enter("nop", text="hi")
    by_key = await agent.post()
    by_bearer = await agent.post(headers={"authorization": f"Bearer {agent.episode.secret}"})
    assert by_key.json()["content"] == by_bearer.json()["content"] == [{"type": "text", "text": "hi"}]


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"authorization": "Bearer é"}, {"x-api-key": ""}])
async def test_refuses_a_wrong_credential(enter, headers, caplog):
    agent = enter()
    response = await agent.post(headers={name: value.encode() for name, value in headers.items()})
    assert error_of(response) == (401, "authentication_error")
    assert "wrong credential" in caplog.text
    assert agent.episode.secret not in caplog.text
    assert agent.episode.calls == []


async def test_one_episode_s_secret_does_not_open_another(enter):
    first, second = enter(), enter()
    response = await first.post(headers={"x-api-key": second.episode.secret})
    assert error_of(response) == (401, "authentication_error")


async def test_a_closed_episode_is_refused_at_once_and_logged_without_its_secret(enter, caplog):
    agent = enter()
    assert (await agent.post()).status_code == 200
    agent.episode.close()
    assert error_of(await agent.post()) == (401, "authentication_error")
    assert "the episode has ended" in caplog.text
    assert agent.episode.secret not in caplog.text
    agent.episode.close()


async def test_an_ended_episode_s_id_with_another_secret_is_nobody(enter, caplog):
    agent = enter()
    agent.episode.close()
    assert error_of(await agent.post(headers={"x-api-key": "guess"})) == (401, "authentication_error")
    assert "no such episode is open" in caplog.text


async def test_an_unknown_episode_can_t_forge_a_log_line(enter, caplog):
    agent = enter()
    url = agent.url().replace(agent.episode.episode_id, "x%0Aforged")
    assert (await agent.client.post(url, content=b"{}")).status_code == 401
    assert "\nforged" not in caplog.records[-1].getMessage()


async def test_hello_says_whether_the_episode_is_open(enter):
    agent = enter()
    assert (await agent.client.head(agent.url("/api/hello"))).status_code == 200
    assert (await agent.client.get(agent.url("/api/hello"))).status_code == 200
    agent.episode.close()
    assert (await agent.client.head(agent.url("/api/hello"))).status_code == 401


@pytest.mark.parametrize("rest", ["/v1/messages/count", "/v1/models", "/", "/v1/messages/", "/../../x"])
async def test_other_paths_are_not_found_in_the_api_s_shape(enter, rest):
    agent = enter()
    response = await agent.client.post(agent.url(rest), json={}, headers={"x-api-key": agent.episode.secret})
    assert error_of(response) == (404, "not_found_error")


async def test_other_methods_are_not_found(enter):
    agent = enter()
    assert error_of(await agent.client.get(agent.url())) == (404, "not_found_error")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"messages": "x"}',
        b'{"messages": [1]}',
        b'{"messages": [], "temperature": NaN}',
        b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["empty", "cut", "list", "null", "not utf-8", "text", "numbers", "nan", "deep"],
)
async def test_refuses_bodies_that_are_no_request(enter, body):
    agent = enter()
    assert error_of(await agent.post(body)) == (400, "invalid_request_error")
    assert agent.episode.calls == []


@pytest.mark.parametrize("chunked", [False, True])
async def test_refuses_a_body_over_the_cap(chunked):
    gateway = Gateway(body_cap_bytes=1000)
    await gateway.start()
    try:
        upstream = Given(ok("{}"))
        episode = gateway.open_episode("e", upstream)
        body = json.dumps(request({"role": "user", "content": "x" * 3000}, tools=[])).encode()

        async def pieces():
            yield body[:1500]
            yield body[1500:]

        async with httpx.AsyncClient() as client:
            response = await client.post(
                f"http://127.0.0.1:{gateway.port}{episode.path}/v1/messages",
                content=pieces() if chunked else body,
                headers={"x-api-key": episode.secret},
            )
        assert error_of(response) == (413, "request_too_large")
        assert upstream.asked == []
    finally:
        await gateway.stop()


async def test_hands_query_and_headers_on_but_no_credential(enter):
    agent = enter(Given(ok("{}")))
    await agent.post()
    _, headers, query = agent.episode.upstream.asked[0]
    assert query == "beta=true"
    assert headers["x-app"] == "cli"
    assert agent.episode.secret not in str(headers)


async def test_passes_headers_of_the_reply(enter):
    reply = Reply(429, "application/json", once(b"{}"), {"retry-after": "3", "request-id": "req_1"})
    response = await enter(Given(reply)).post()
    assert (response.status_code, response.headers["retry-after"]) == (429, "3")
    assert response.headers["request-id"] == "req_1"
    assert "server" not in response.headers


async def test_an_upstream_s_gateway_error_is_a_502_and_a_fault_a_500_that_tells_nothing(enter, caplog):
    agent = enter(Given(GatewayError("nobody there"), RuntimeError("what the agent sent")))
    first, second = await agent.post(), await agent.post()
    assert error_of(first) == (502, "api_error")
    assert "nobody there" in first.text
    assert error_of(second) == (500, "api_error")
    assert "what the agent sent" not in second.text + caplog.text
    assert [call.status for call in agent.episode.calls] == [502, 500]


async def test_status_0_closes_the_connection_without_an_answer(enter):
    agent = enter(Given(Reply(0, "", once(b""))))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post()
    await asyncio.sleep(0.05)
    assert [(call.status, call.response) for call in agent.episode.calls] == [(0, None)]


async def test_a_stream_that_breaks_off_is_cut_and_recorded_as_far_as_it_came(enter):
    async def body():
        yield b'event: message_start\ndata: {"type": "message_start", "message": {"content": [], "usage": {}}}\n\n'
        raise GatewayError("gone")

    agent = enter(Given(Reply(200, "text/event-stream", body())))
    with pytest.raises(httpx.RemoteProtocolError):
        await agent.post()
    call = agent.episode.calls[0]
    assert (call.status, call.response) == (200, {"content": [], "usage": {}})


async def test_secrets_are_redacted_in_records_and_error_bodies(enter):
    upstream = Given(ok('{"error": "sk-host-1 refused"}', 401), secrets=("sk-host-1",))
    agent = enter(upstream)
    secret = agent.episode.secret
    response = await agent.post(request({"role": "user", "content": f"env says {secret} and sk-host-1"}))
    assert response.json() == {"error": "[redacted] refused"}
    call = agent.episode.calls[0]
    told = json.dumps([call.request, call.response, upstream.asked[0][0]])
    assert secret not in told
    assert "sk-host-1" not in told
    assert told.count("env says [redacted] and [redacted]") == 2


async def test_closing_cuts_calls_in_flight_records_them_and_closes_the_upstream(enter, gateway):
    upstream = Given(None)
    agent = enter(upstream)
    asking = asyncio.ensure_future(agent.post())
    await upstream.entered.wait()
    agent.episode.close()
    assert [call.status for call in agent.episode.take_calls()] == [0]
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await asyncio.wait_for(asking, 2)
    await gateway.stop()
    assert upstream.closed == 1


async def test_a_client_that_leaves_ends_the_upstream_s_work_and_is_recorded(enter):
    left = asyncio.Event()

    async def body():
        yield b'data: {"type": "message_start", "message": {"id": "a", "content": [], "usage": {}}}\n\n'
        try:
            await asyncio.sleep(60)
        finally:
            left.set()

    agent = enter(Given(Reply(200, "text/event-stream", body())))
    headers = {"x-api-key": agent.episode.secret}
    async with agent.client.stream("POST", agent.url(), json=request(), headers=headers) as response:
        async for _ in response.aiter_raw():
            break
    await asyncio.wait_for(left.wait(), 2)
    await asyncio.sleep(0.05)
    assert [(call.status, call.response["id"]) for call in agent.episode.calls] == [(200, "a")]


async def test_a_streamed_call_is_on_record_before_the_agent_sees_its_last_event(enter):
    async def body():
        message = assistant_message(request(), [text_block("x")])
        yield b"".join(encode_event(event) for event in message_events(message))
        await asyncio.sleep(60)

    agent = enter(Given(Reply(200, "text/event-stream", body())))
    headers = {"x-api-key": agent.episode.secret}
    async with agent.client.stream("POST", agent.url(), json=request(), headers=headers) as answer:
        async for chunk in answer.aiter_raw():
            if b"message_stop" in chunk:
                break
        assert len(agent.episode.take_calls()) == 1
    assert agent.episode.take_calls() == ()
    assert len(agent.episode.calls) == 1


async def test_what_a_reply_holds_is_released_once_read_or_not(enter):
    released: list[str] = []

    def reply(name: str, body) -> Reply:
        async def release() -> None:
            released.append(name)

        return Reply(200, "text/event-stream", body, aclose=release)

    async def broken():
        yield b"data: {}\n\n"
        raise GatewayError("gone")

    agent = enter(Given(reply("read", once(b"data: {}\n\n")), reply("broken", broken())))
    await agent.post()
    with pytest.raises(httpx.RemoteProtocolError):
        await agent.post()
    assert released == ["read", "broken"]


async def test_many_episodes_at_once_stay_apart(enter):
    agents = [enter("nop", text=f"I am {index}") for index in range(40)]
    answers = await asyncio.gather(*(agent.post() for agent in agents))
    for index, (agent, answer) in enumerate(zip(agents, answers, strict=True)):
        assert answer.json()["content"][0]["text"] == f"I am {index}"
        assert [call.episode_id for call in agent.episode.calls] == [agent.episode.episode_id]


async def test_an_answer_is_not_held_back_by_the_socket(enter):
    agent = enter("nop")
    times = [(await agent.post()).elapsed.total_seconds() for _ in range(10)]
    assert min(times[1:]) < 0.03, "Nagle's algorithm and delayed acknowledgements cost 40 ms"


async def test_refuses_bad_and_doubled_episode_ids(gateway):
    for bad in ("", "a/b", "a b", "..", "a?b", "é", "x" * 201):
        with pytest.raises(ConfigError):
            gateway.open_episode(bad, Given())
    gateway.open_episode("one", Given())
    with pytest.raises(GatewayError, match="open already"):
        gateway.open_episode("one", Given())


async def test_start_and_stop_are_idempotent_and_stop_frees_the_port():
    gateway = Gateway()
    with pytest.raises(GatewayError, match="not started"):
        gateway.open_episode("e", Given())
    await gateway.stop()
    await gateway.start()
    port = gateway.port
    await gateway.start()
    assert gateway.port == port
    await gateway.stop()
    await gateway.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


async def test_stop_lets_a_short_call_end_and_cuts_a_long_one(enter, gateway):
    short = enter("scripted", script=[{"text": "done", "delay_s": 0.2}])
    upstream = Given(None)
    long = enter(upstream)
    asking = [asyncio.ensure_future(agent.post()) for agent in (short, long)]
    await upstream.entered.wait()
    await asyncio.wait_for(gateway.stop(), 3)
    assert (await asking[0]).json()["content"][0]["text"] == "done"
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await asking[1]


async def test_while_it_drains_new_calls_are_told_to_come_back_and_those_in_flight_end(enter, gateway):
    upstream = Given(None)
    first, second = enter(upstream), enter("nop")
    asking = asyncio.ensure_future(first.post())
    await upstream.entered.wait()
    stopping = asyncio.ensure_future(gateway.stop(drain_s=5))
    await asyncio.sleep(0.05)
    late = await second.post()
    assert error_of(late) == (529, "overloaded_error")
    assert late.headers["retry-after"] == "1"
    upstream.release.set()
    assert (await asking).json() == {"released": True}
    started = asyncio.get_running_loop().time()
    await asyncio.wait_for(stopping, 4)
    assert asyncio.get_running_loop().time() - started < 2, "the calls had ended, yet it waited on"
    assert second.episode.calls == []


async def test_logs_neither_requests_nor_bodies(enter, caplog):
    caplog.set_level(logging.DEBUG, logger="claudebox_rl")
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    agent = enter("nop", text="what the model says")
    await agent.post(request({"role": "user", "content": "what the agent says"}))
    ours = [record for record in caplog.records if record.name.startswith(("claudebox_rl", "uvicorn"))]
    assert ours
    assert not any("says" in record.getMessage() for record in ours)


async def test_what_the_sampler_told_by_the_end_of_a_stream_is_on_record(enter):
    sampled = Sampled(prompt_token_ids=(1, 2), weight_version="w7")
    asked = request(stream=True)
    events = [encode_event(event) for event in message_events(assistant_message(asked, [text_block("hi")]))]

    async def body():
        yield events[0]
        sampled.completion_token_ids, sampled.logprobs = (3,), (-0.25,)
        for event in events[1:]:
            yield event

    agent = enter(Given(Reply(200, "text/event-stream", body(), sampled=sampled)))
    await agent.post(asked)
    (call,) = agent.episode.calls
    assert (call.prompt_token_ids, call.completion_token_ids, call.logprobs) == ((1, 2), (3,), (-0.25,))
    assert call.weight_version == "w7"
