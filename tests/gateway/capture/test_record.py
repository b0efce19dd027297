from __future__ import annotations

import asyncio
import json

import pytest
from gateway_parts import request

from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.lineage import Lineage
from claudebox_rl.gateway.capture.prices import Prices
from claudebox_rl.gateway.capture.record import CallRecord, usage_of
from claudebox_rl.gateway.messages import assistant_message, encode_event, message_events, text_block, tool_use_block
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.gateway.upstream import Sampled
from claudebox_rl.types import Relation, Usage


def user(text):
    return {"role": "user", "content": text}


def model(text):
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def recording(sink, **changes):
    return CallRecord("e", request(**changes), Caller(), Lineage(), Redactor(()), Prices(), sink.append)


def test_usage_counts_cached_tokens_as_input():
    counts = {"input_tokens": 10, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 200, "output_tokens": 7}
    assert usage_of({"usage": counts}) == Usage(215, 7, 200)


@pytest.mark.parametrize("response", [None, {}, {"usage": None}, {"usage": []}, {"usage": {"input_tokens": "9"}}])
def test_usage_that_is_not_told_is_zero(response):
    assert usage_of(response) == Usage()


def test_redaction_reaches_names_values_and_escaped_forms_and_changes_nothing_in_place():
    redactor = Redactor(["top", "top-secret", "", 'q"uote'])
    value = {"top-secret": ["a top-secret b", {"x": 'q"uote'}], "n": 1.5, "none": None}
    assert redactor.value(value) == {"[redacted]": ["a [redacted] b", {"x": "[redacted]"}], "n": 1.5, "none": None}
    assert "top-secret" in value
    assert redactor.data(b"is top") == b"is [redacted]"
    assert redactor.text("plain") == "plain"
    assert redactor.value("a\ud800b") == "a\ud800b"


async def test_times_are_taken_from_the_arrival_on():
    calls = []
    record = recording(calls)
    await asyncio.sleep(0.02)
    record.dequeue()
    record.begin(200, Sampled())
    opening, *rest = message_events(assistant_message(request(), [text_block("x")]))
    record.feed(encode_event(opening))
    record.feed(encode_event(rest[0]))
    await asyncio.sleep(0.02)
    record.feed(encode_event(rest[1]))
    await asyncio.sleep(0.02)
    record.feed(b"".join(map(encode_event, rest[2:])))
    (call,) = calls
    assert 0.02 <= call.queue_s < call.first_token_s - 0.019
    assert call.first_token_s < call.latency_s - 0.019


@pytest.mark.parametrize(
    "block", [tool_use_block("t", "Bash", {"command": "ls"}), {"type": "redacted_thinking", "data": "x"}]
)
def test_any_content_is_a_first_token(block):
    calls = []
    record = recording(calls)
    record.begin(200, Sampled())
    record.feed(b"".join(map(encode_event, message_events(assistant_message(request(), [block])))))
    assert calls[0].first_token_s is not None
    assert calls[0].response["content"] == [block]


def test_a_whole_answer_comes_with_its_content_and_an_error_without():
    calls = []
    for status, body in ((200, assistant_message(request(), [text_block("x")])), (529, {"type": "error", "error": {}})):
        record = recording(calls)
        record.begin(status, Sampled())
        record.whole(json.dumps(body).encode())
    assert [call.first_token_s is None for call in calls] == [False, True]
    assert [call.queue_s for call in calls] == [None, None]
    assert [call.is_answered for call in calls] == [True, False]


def test_an_answer_that_was_cut_is_none():
    calls = []
    record = recording(calls)
    record.begin(200, Sampled())
    record.feed(b"".join(map(encode_event, list(message_events(assistant_message(request(), [text_block("x")])))[:3])))
    record.finish()
    assert calls[0].response["content"] == [text_block("x")]
    assert not calls[0].is_answered


async def test_calls_of_an_episode_form_a_graph_with_agents(enter):
    agent = enter("nop")
    await agent.post(request(user("1")))
    secret = {"x-api-key": agent.episode.secret}
    await agent.post(request(user("sub task")), headers={**secret, "x-claude-code-agent-id": "agent-7"})
    await agent.post(request(user("1"), model("Nothing was done."), user("2")))
    first, sub, second = agent.episode.take_calls()
    assert (first.parent_call_id, sub.parent_call_id, second.parent_call_id) == (None, None, first.call_id)
    assert [call.relation for call in (first, sub, second)] == [Relation.ROOT, Relation.SUB_AGENT, Relation.CONTINUES]
    assert [call.agent_path for call in (first, sub, second)] == ["main", "agent-7", "main"]
    assert first.request == request(user("1"))
    assert first.response["content"] == [{"type": "text", "text": "Nothing was done."}]
    assert (first.status, first.model, first.usage, first.cost_usd) == (200, "m", Usage(), None)
    assert first.started_at > 1.7e9
    assert 0 < first.first_token_s <= first.latency_s < 5
