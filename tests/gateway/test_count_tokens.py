from __future__ import annotations

import json

import pytest
from gateway_parts import Given, error_of, ok, request

from claudebox_rl.gateway.estimate import estimate_tokens

PATH = "/v1/messages/count_tokens?beta=true"


class Counter(Given):
    """Has a counter of its own."""

    async def count_tokens(self, request, headers, query=""):
        return await self.reply(request, headers, query)


async def test_an_upstream_s_own_counter_answers(enter):
    agent = enter(Counter(ok('{"input_tokens": 17}')))
    response = await agent.post(path=PATH)
    assert (response.status_code, response.json()) == (200, {"input_tokens": 17})
    assert agent.episode.upstream.asked[0][2] == "beta=true"


async def test_without_a_counter_it_is_an_estimate_and_says_so(enter):
    answer = (await enter("nop").post(path=PATH)).json()
    assert answer["estimated"] is True
    assert answer["input_tokens"] == estimate_tokens(request()) > 0


async def test_a_count_is_no_model_call(enter):
    agent = enter(Counter(ok('{"input_tokens": 17}')))
    await agent.post(path=PATH)
    assert agent.episode.calls == []


async def test_errors_have_the_api_s_shape(enter):
    agent = enter(Counter(RuntimeError("x")))
    assert error_of(await agent.post(path=PATH)) == (500, "api_error")
    assert error_of(await agent.post(b"{", path=PATH)) == (400, "invalid_request_error")


async def test_a_wrong_and_an_ended_secret_are_refused_and_logged(enter, caplog):
    agent = enter()
    assert error_of(await agent.post(path=PATH, headers={"x-api-key": "x"})) == (401, "authentication_error")
    assert "wrong credential" in caplog.text
    agent.episode.close()
    assert error_of(await agent.post(path=PATH)) == (401, "authentication_error")
    assert "the episode has ended" in caplog.text


def user(*blocks):
    return request({"role": "user", "content": list(blocks)}, tools=[])


def test_an_estimate_grows_with_text_and_takes_any_image_for_one_of_the_largest():
    short, long = (estimate_tokens(user({"type": "text", "text": "a" * size})) for size in (400, 4000))
    assert long - short == 900
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 500_000}}
    assert 1600 < estimate_tokens(user(image)) < 1700


@pytest.mark.parametrize("kind", ["anthropic"])
async def test_the_real_api_counts(enter, stand_in, monkeypatch, kind):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789")
    body = json.dumps({"input_tokens": 12}).encode()
    stand_in.answer = [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + body]
    agent = enter(kind, model="m", base_url=f"http://127.0.0.1:{stand_in.port}")
    assert (await agent.post(path=PATH)).json() == {"input_tokens": 12}
    assert stand_in.heads[0].startswith("POST /v1/messages/count_tokens?beta=true HTTP/1.1\r\n")
    assert "x-api-key: sk-ant-test-0123456789" in stand_in.heads[0].lower()
