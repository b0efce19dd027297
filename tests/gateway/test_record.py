from __future__ import annotations

import json

import pytest
from gateway_parts import request

from claudebox_rl.gateway.lineage import Lineage
from claudebox_rl.gateway.record import usage_of
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.types import Usage


def user(text):
    return {"role": "user", "content": text}


def model(text):
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def test_usage_counts_cached_tokens_as_input():
    counts = {"input_tokens": 10, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 200, "output_tokens": 7}
    assert usage_of({"usage": counts}) == Usage(215, 7, 200)


@pytest.mark.parametrize("response", [None, {}, {"usage": None}, {"usage": []}, {"usage": {"input_tokens": "9"}}])
def test_usage_that_is_not_told_is_zero(response):
    assert usage_of(response) == Usage()


def test_the_parent_is_the_longest_proper_prefix():
    lineage = Lineage()
    assert lineage.add("a", [user("1")], answered=True) is None
    assert lineage.add("b", [user("1"), model("x"), user("2")], answered=True) == "a"
    assert lineage.add("c", [user("1"), model("x"), user("2"), model("y"), user("3")], answered=True) == "b"
    assert lineage.add("other", [user("1"), model("different"), user("2")], answered=True) == "a"
    assert lineage.add("sub", [user("of its own")], answered=True) is None


def test_a_repeated_call_has_the_same_parent_and_a_failed_one_gives_way():
    lineage = Lineage()
    lineage.add("a", [user("1")], answered=True)
    assert lineage.add("failed", [user("1"), model("x"), user("2")], answered=False) == "a"
    assert lineage.add("again", [user("1"), model("x"), user("2")], answered=True) == "a"
    assert lineage.add("late", [user("1"), model("x"), user("2")], answered=False) == "a"
    assert lineage.add("next", [user("1"), model("x"), user("2"), model("y")], answered=True) == "again"


def test_cache_marks_and_bare_texts_do_not_break_a_prefix():
    lineage = Lineage()
    marked = {"role": "user", "content": [{"type": "text", "text": "1", "cache_control": {"type": "ephemeral"}}]}
    lineage.add("a", [marked], answered=True)
    assert lineage.add("b", [user("1"), model("x")], answered=True) == "a"


def test_an_empty_conversation_has_no_parent_and_is_none():
    lineage = Lineage()
    assert lineage.add("empty", [], answered=True) is None
    assert lineage.add("a", [user("1")], answered=True) is None


def test_requests_share_what_they_repeat():
    lineage = Lineage()
    first = lineage.share(request(user("1")))
    second = lineage.share(json.loads(json.dumps(request(user("1"), model("x")))))
    assert second == request(user("1"), model("x"))
    assert second["tools"] is first["tools"]
    assert second["messages"][0] is first["messages"][0]


def test_redaction_reaches_names_values_and_escaped_forms_and_changes_nothing_in_place():
    redactor = Redactor(["top", "top-secret", "", 'q"uote'])
    value = {"top-secret": ["a top-secret b", {"x": 'q"uote'}], "n": 1.5, "none": None}
    assert redactor.value(value) == {"[redacted]": ["a [redacted] b", {"x": "[redacted]"}], "n": 1.5, "none": None}
    assert "top-secret" in value
    assert redactor.data(b"is top") == b"is [redacted]"
    assert redactor.text("plain") == "plain"
    assert redactor.value("a\ud800b") == "a\ud800b"


async def test_calls_of_an_episode_form_a_graph_with_agents(enter):
    agent = enter("nop")
    await agent.post(request(user("1")))
    secret = {"x-api-key": agent.episode.secret}
    await agent.post(request(user("sub task")), headers={**secret, "x-claude-code-agent-id": "agent-7"})
    await agent.post(request(user("1"), model("Nothing was done."), user("2")))
    first, sub, second = agent.episode.take_calls()
    assert (first.parent_call_id, sub.parent_call_id, second.parent_call_id) == (None, None, first.call_id)
    assert [call.agent_path for call in (first, sub, second)] == ["main", "agent-7", "main"]
    assert first.request == request(user("1"))
    assert first.response["content"] == [{"type": "text", "text": "Nothing was done."}]
    assert (first.status, first.model, first.usage, first.cost_usd) == (200, "m", Usage(), None)
    assert first.started_at > 1.7e9
    assert 0 < first.latency_s < 5
