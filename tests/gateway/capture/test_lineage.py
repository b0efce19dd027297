from __future__ import annotations

import json
import time

import pytest
from gateway_parts import request

from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.history import History
from claudebox_rl.gateway.capture.lineage import Lineage
from claudebox_rl.types import Relation

MAIN = Caller(session="s")


def user(text):
    return {"role": "user", "content": text}


def model(text):
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def answer(text):
    return {"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


def calling(*prompts):
    blocks = [{"type": "tool_use", "id": f"t-{p}", "name": "Agent", "input": {"prompt": p}} for p in prompts]
    return {"type": "message", "content": blocks, "stop_reason": "tool_use"}


class Graph:
    """Calls of one episode, by short names."""

    def __init__(self):
        self.lineage = Lineage()

    def ask(self, name, *messages, caller=MAIN, gives=None):
        """Place a call, and end it with an answer or with none."""
        shared, asked = self.lineage.begin(name, request(*messages), caller, lambda: None)
        assert shared == request(*messages)
        asked.end(gives, is_answered=gives is not None)
        origin = asked.origin
        return origin.parent_call_id, str(origin.relation), origin.copy_of


def test_the_parent_has_the_longest_beginning():
    graph = Graph()
    assert graph.ask("a", user("1"), gives=answer("x")) == (None, "root", None)
    assert graph.ask("b", user("1"), model("x"), user("2"), gives=answer("y")) == ("a", "continues", None)
    talk = [user("1"), model("x"), user("2"), model("y"), user("3")]
    assert graph.ask("c", *talk, gives=answer("z")) == ("b", "continues", None)
    assert graph.ask("d", user("1"), model("else"), user("2"), gives=answer("y")) == ("a", "continues", None)
    assert graph.ask("e", user("of its own"), gives=answer("x")) == (None, "root", None)


def test_a_repeated_call_is_a_copy_of_the_first_and_the_answer_that_is_used_is_the_parent():
    graph = Graph()
    graph.ask("a", user("1"), gives=answer("x"))
    talk = [user("1"), model("x"), user("2")]
    assert graph.ask("failed", *talk) == ("a", "continues", None)
    assert graph.ask("again", *talk, gives=answer("y")) == ("a", "continues", "failed")
    assert graph.ask("late", *talk) == ("a", "continues", "failed")
    assert graph.ask("other", *talk, gives=answer("z")) == ("a", "continues", "failed")
    assert graph.ask("next", *talk, model("y"), user("3"), gives=answer("w")) == ("again", "continues", None)
    assert graph.ask("odd", *talk, model("rewritten"), user("3"), gives=answer("w")) == ("other", "continues", None)


def test_the_same_words_in_another_conversation_are_no_copy():
    graph = Graph()
    graph.ask("a", user("1"), gives=answer("x"))
    assert graph.ask("b", user("1"), caller=Caller(session="t"), gives=answer("x")) == (None, "root", None)
    talk = [user("1"), model("x"), user("2")]
    assert graph.ask("c", *talk, caller=Caller(session="t"), gives=answer("y")) == ("b", "continues", None)
    assert graph.ask("d", *talk, gives=answer("y")) == ("a", "continues", None)


def test_an_agent_that_was_started_anew_goes_on_with_its_conversation():
    graph = Graph()
    graph.ask("a", user("1"), gives=answer("x"))
    talk = [user("1"), model("x"), user("2")]
    assert graph.ask("b", *talk, caller=Caller(session="t"), gives=answer("y")) == ("a", "continues", None)


def test_cache_marks_and_bare_texts_do_not_break_a_beginning():
    graph = Graph()
    marked = {"role": "user", "content": [{"type": "text", "text": "1", "cache_control": {"type": "ephemeral"}}]}
    graph.ask("a", marked, gives=answer("x"))
    assert graph.ask("b", user("1"), model("x"), user("2"), gives=answer("y")) == ("a", "continues", None)


def test_an_empty_conversation_has_no_parent_and_is_none():
    graph = Graph()
    lineage = graph.lineage
    for name in ("a", "b"):
        _, asked = lineage.begin(name, {"messages": []}, MAIN, lambda: None)
        assert (asked.origin.parent_call_id, asked.origin.copy_of) == (None, None)
    assert graph.ask("c", user("1"), gives=answer("x")) == (None, "root", None)


def test_two_sub_agents_with_one_prompt_hang_on_two_tool_calls():
    graph = Graph()
    graph.ask("a", user("1"), gives=calling("same", "same and more"))
    graph.ask("b", user("1"), model("x"), user("2"), gives=calling("same"))
    subs = [
        graph.ask(name, user(prompt), caller=Caller(name, "s"), gives=answer("done"))
        for name, prompt in (("s1", "same"), ("s2", "same and more"), ("s3", "same"), ("s4", "same"))
    ]
    assert [parent for parent, _, _ in subs] == ["b", "a", "a", None]
    assert {relation for _, relation, _ in subs} == {"sub_agent"}


def test_a_sub_agent_of_a_sub_agent_hangs_on_that_one():
    graph = Graph()
    graph.ask("a", user("1"), gives=calling("work"))
    graph.ask("s1", user("work"), caller=Caller("agent-1", "s"), gives=calling("work"))
    nested = Caller("agent-2", "s", parent_agent="agent-1")
    assert graph.ask("s2", user("work"), caller=nested, gives=answer("x")) == ("s1", "sub_agent", None)


def test_a_sub_agent_whose_prompt_the_agent_wrote_hangs_on_the_latest_tool_call():
    graph = Graph()
    graph.ask("a", user("1"), gives=calling("one"))
    graph.ask("b", user("1"), model("x"), user("2"), gives=calling("two"))
    assert graph.ask("s", user("run the skill"), caller=Caller("agent-1", "s"), gives=answer("x"))[0] == "b"


def test_a_summary_is_only_the_parent_of_what_holds_it():
    graph = Graph()
    graph.ask("a", user("1"), gives=answer("x"))
    instruction = user("Put it into <summary> tags.")
    graph.ask("b", user("1"), model("x"), instruction, gives=answer("<analysis>!</analysis><summary>\nall\n</summary>"))
    assert graph.ask("c", user("Summary:\nnothing"), gives=answer("y")) == (None, "root", None)
    assert graph.ask("d", user("Summary:\nall\n\nGo on."), gives=answer("y")) == ("b", "compaction", None)
    assert graph.ask("e", user("all in all"), caller=Caller("agent-1", "s"))[1] == "sub_agent"


@pytest.mark.parametrize(
    "content",
    [None, 7, {}, [None, "x", 7], [{"type": []}, {"type": {}}], [{"type": "text"}, {"type": "text", "text": 7}], [{}]],
)
def test_messages_that_are_none_of_the_api_s_are_placed_too(content):
    graph = Graph()
    odd = {"role": "assistant", "content": content}
    spawning = {"type": "tool_use", "id": [], "name": {}, "input": 7}
    graph.ask("a", user("1"), gives={"type": "message", "content": content, "stop_reason": "end_turn"})
    assert graph.ask("b", user("1"), odd, user("2"), gives={"content": [spawning]}) == ("a", "continues", None)
    assert graph.ask("c", user("1"), odd, user("2")) == ("a", "continues", "b")
    assert graph.ask("d", odd, caller=Caller("agent-1", "s")) == ("b", "sub_agent", None)


def test_requests_share_what_they_repeat():
    lineage = Lineage()
    first, _ = lineage.begin("a", request(user("1")), MAIN, lambda: None)
    later = json.loads(json.dumps(request(user("1"), model("x"))))
    second, _ = lineage.begin("b", later, MAIN, lambda: None)
    assert second == request(user("1"), model("x"))
    assert second["tools"] is first["tools"]
    assert second["messages"][0] is first["messages"][0]


def test_a_message_that_comes_with_and_without_a_mark_is_kept_as_it_came():
    history = History()
    plain = {"role": "user", "content": [{"type": "text", "text": "1"}]}
    marked = {"role": "user", "content": [{"type": "text", "text": "1", "cache_control": {"type": "ephemeral"}}]}
    places = []
    for message in (plain, marked, plain, marked):
        copy = json.loads(json.dumps(message))
        shared, place = history.walk([copy])
        assert shared == [message]
        places.append(place)
    assert len(set(map(id, places))) == 1


def test_placing_a_call_costs_little_however_long_the_conversation_is():
    lineage = Lineage()
    talk = []
    bodies = []
    for index in range(200):
        talk += [user(f"{index} " + "out " * 1000), model(f"do {index}")]
        bodies.append(json.dumps(request(*talk)))
    spent_s = 0.0
    for index, body in enumerate(bodies):
        parsed = json.loads(body)
        begun = time.process_time()
        lineage.begin(str(index), parsed, MAIN, lambda: None)[1].end(answer(f"do {index}"), is_answered=True)
        spent_s += time.process_time() - begun
    # 0.04 s where this was written; digests of all messages took 0.8 s.
    assert spent_s < 0.3
    assert Relation.CONTINUES in {mark.origin.relation for marks in lineage._by_agent.values() for mark in marks}
