from __future__ import annotations

import asyncio
import json
import time
from collections import Counter

import httpx
import pytest
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import TaskFiles, make_upstream
from claudebox_rl.gateway.lane import LaneSettings
from claudebox_rl.gateway.upstreams._faults import FAULTS
from claudebox_rl.gateway.upstreams.faulty import FaultyUpstream

BROKEN = (httpx.RemoteProtocolError, httpx.ReadError)
SCRIPT = [{"text": "a long answer " * 20, "usage": {"input_tokens": 9, "output_tokens": 5}, "repeat": True}]


def faulty(rates, *, episode_id="e", **options) -> FaultyUpstream:
    given = {"upstream": "scripted", "options": {"script": SCRIPT}, "rates": rates, **options}
    made = make_upstream("faulty", given, TaskFiles(episode_id=episode_id))
    assert isinstance(made, FaultyUpstream)
    return made


def drawn(upstream, num=400):
    return [upstream._draw({}).fault for _ in range(num)]


async def whole_answer(enter) -> bytes:
    return (await enter("scripted", script=SCRIPT).post(request(stream=True))).content


async def test_without_faults_it_is_not_there(enter):
    upstream = faulty(0)
    assert upstream.model == "claudebox-scripted"
    assert (await enter(upstream).post(request(stream=True))).content == await whole_answer(enter)
    assert upstream.counts == {"none": 1}


@pytest.mark.parametrize("status", [429, 500, 529])
async def test_an_error_of_the_api(enter, status):
    upstream = faulty({str(status): 1.0})
    agent = enter(upstream)
    assert (await agent.post()).status_code == status
    assert [call.status for call in agent.episode.calls] == [status]
    assert upstream.counts == {str(status): 1}


def test_statuses_may_be_numbers():
    assert drawn(faulty({429: 1.0}), 3) == ["429"] * 3


async def test_a_dropped_connection(enter):
    agent = enter(faulty({"drop": 1.0}))
    with pytest.raises(BROKEN):
        await agent.post()
    assert [(call.status, call.response) for call in agent.episode.calls] == [(0, None)]


async def test_garbage(enter):
    agent = enter(faulty({"garbage": 1.0}))
    for stream in (True, False):
        answer = await agent.post(request(stream=stream))
        with pytest.raises(ValueError, match=r"utf-8|Expecting"):
            answer.json()
    assert [(call.status, call.response) for call in agent.episode.calls] == [(200, None)] * 2


async def until_cut(agent) -> bytes:
    got = bytearray()
    headers = {"x-api-key": agent.episode.secret}
    async with agent.client.stream("POST", agent.url(), json=request(stream=True), headers=headers) as answer:
        try:
            async for chunk in answer.aiter_raw():
                got += chunk
        except BROKEN:
            return bytes(got)
    pytest.fail("the answer came to its end")


async def test_an_answer_that_is_cut_off(enter):
    whole = await whole_answer(enter)
    agent = enter(faulty({"cut": 1.0}))
    lengths = set()
    for _ in range(8):
        got = await until_cut(agent)
        assert whole.startswith(got)
        assert len(got) < len(whole)
        lengths.add(len(got))
    assert len(lengths) == 8, "each is cut at a place of its own"
    assert all(call.status == 200 for call in agent.episode.calls)
    assert (await agent.post(request(stream=False))).status_code == 502


async def test_an_answer_that_stops_and_one_that_never_comes(enter):
    for fault, stream, status in (("stall", True, 200), ("stall", False, 0), ("hang", True, 0)):
        agent = enter(faulty({fault: 1.0}))
        with pytest.raises(httpx.ReadTimeout):
            await agent.client.post(
                agent.url(), json=request(stream=stream), headers={"x-api-key": agent.episode.secret}, timeout=0.3
            )
        for _ in range(250):
            if agent.episode.calls:
                break
            await asyncio.sleep(0.02)
        assert [call.status for call in agent.episode.calls] == [status], fault


async def test_a_late_answer(enter):
    agent = enter(faulty({"delay": 1.0}, delay_s=[0.3, 0.4]))
    started = time.monotonic()
    assert (await agent.post()).status_code == 200
    assert 0.3 <= time.monotonic() - started < 20


def test_the_same_seed_and_episode_meet_the_same_faults():
    first = drawn(faulty(0.5, seed=1))
    assert drawn(faulty(0.5, seed=1)) == first
    assert drawn(faulty(0.5, seed=2)) != first
    assert drawn(faulty(0.5, seed=1, episode_id="other")) != first


def test_faults_come_at_the_rates_that_were_set():
    upstream = faulty({"529": 0.3, "hang": 0.1})
    drawn(upstream, 5000)
    assert upstream.counts.keys() == {"529", "hang", "none"}
    assert abs(upstream.counts["529"] - 1500) < 150
    assert abs(upstream.counts["hang"] - 500) < 100
    together = faulty(0.9)
    drawn(together, 5000)
    assert set(FAULTS) < together.counts.keys()
    assert abs(together.counts["none"] - 500) < 100


def test_a_ledger_has_a_line_for_each_call(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    upstreams = [faulty(0.5, episode_id=name, ledger=str(ledger)) for name in "ab"]
    for upstream in upstreams:
        drawn(upstream, 50)
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [(line["episode_id"], line["call_index"]) for line in lines] == [(n, i) for n in "ab" for i in range(50)]
    for upstream, name in zip(upstreams, "ab", strict=True):
        assert Counter(line["fault"] or "none" for line in lines if line["episode_id"] == name) == upstream.counts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rates": {"flood": 0.1}}, "unknown faults flood; known: delay, 429"),
        ({"rates": {"hang": -0.1}}, "the rate of hang must be a number of at least 0"),
        ({"rates": {"hang": 0.6, "drop": 0.6}}, "at most 1, not 1.2"),
        ({"rates": 1.5}, "at most 1"),
        ({"rates": "much"}, "rates must be a number"),
        ({"delay_s": [2, 1]}, "delay_s must be a shortest and a longest"),
        ({"delay_s": 1}, "delay_s must be a shortest and a longest"),
        ({"seed": "x"}, "option seed must be a whole number"),
        ({"options": [1]}, "options must be a mapping"),
        ({"upstream": "gpt"}, "unknown model 'gpt'"),
        ({"upstream": "scripted"}, "option script is missing"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        make_upstream("faulty", {"upstream": "nop", **options})


def test_the_model_s_name_is_the_wrapped_one_s():
    assert make_upstream("faulty", {"upstream": "nop", "options": {"model": "a"}}).model == "a"
    assert make_upstream("faulty", {"upstream": "nop", "model": "b"}).model == "b"


async def test_played_as_a_server_its_faults_are_tried_again(enter):
    upstream = faulty({"529": 0.3}, endpoint="a bad line")
    agent = enter(upstream, lane=LaneSettings())
    assert [(await agent.post()).status_code for _ in range(6)] == [200] * 6
    assert (len(agent.episode.calls), upstream.counts["none"]) == (6, 6)
    assert upstream.counts["529"] > 0


def test_its_faults_are_not_held_against_the_real_server(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk")
    upstream = make_upstream("faulty", {"upstream": "anthropic"})
    assert upstream.endpoint == "https://api.anthropic.com#faulty"
    assert make_upstream("faulty", {"upstream": "nop"}).endpoint is None


async def test_counting_is_left_alone():
    upstream = faulty(1.0)
    counted = await upstream.count_tokens(request(), {})
    assert counted.status == 200
    assert upstream.counts.total() == 0


async def test_it_closes_and_hides_what_it_wraps(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-the-wrapped")
    upstream = make_upstream("faulty", {"upstream": "anthropic"})
    assert upstream.secrets == ("sk-ant-of-the-wrapped",)
    closed = []

    async def aclose():
        closed.append(True)

    monkeypatch.setattr(upstream._upstream, "aclose", aclose)
    await upstream.aclose()
    assert closed
