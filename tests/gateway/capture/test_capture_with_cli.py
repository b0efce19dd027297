"""How the unmodified CLI's calls go on from each other, as the gateway sees them."""

from __future__ import annotations

import asyncio

import pytest
from capture_parts import Played, cut, depth, last_text, lingering

from claudebox_rl.call_types import distinct, total_usage
from claudebox_rl.gateway import Reply
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block, tool_use_block
from claudebox_rl.gateway.upstream import once
from claudebox_rl.trajectory import EpisodeRecord, training_rows
from claudebox_rl.types import Episode, Outcome, Relation, Usage

SUMMARY = "<analysis>\nshort\n</analysis>\n\n<summary>\n1. A number was asked for.\n\n2. It was given.\n</summary>"
AGENT_ID = "x-claude-code-agent-id"


def spawn(tool_use_id, prompt, kind="general-purpose"):
    return tool_use_block(tool_use_id, "Agent", {"description": "d", "prompt": prompt, "subagent_type": kind})


def bash(tool_use_id):
    return tool_use_block(tool_use_id, "Bash", {"command": "echo out"})


def edges(calls):
    """For each call its parent's place in the list and how it goes on from it."""
    place = {call.call_id: index for index, call in enumerate(calls)}
    return [(None if call.parent_call_id is None else place[call.parent_call_id], call.relation) for call in calls]


def by_start(episode):
    return sorted(episode.calls, key=lambda call: call.started_at)


def rows(calls):
    """For each row that a trainer gets: which calls it learns, and how many messages of the model are in it."""
    place = {call.call_id: index for index, call in enumerate(calls)}
    episode = Episode("e", "", "", Outcome.COMPLETED, 1.0)
    made = training_rows(EpisodeRecord(episode, (), tuple(calls), (None,) * len(calls)))
    assert all(sum(row.loss_mask) == len(row.trained_call_ids) for row in made)
    answers = [sum(message["role"] == "assistant" for message in row.messages) for row in made]
    return [([place[name] for name in row.trained_call_ids], count) for row, count in zip(made, answers, strict=True)]


async def test_sub_agents_hang_on_the_answer_that_called_them(enter, talk):
    def play(request, headers):
        count = depth(request)
        if AGENT_ID not in headers:
            return (
                [spawn("toolu_a", "count"), spawn("toolu_b", "count on")] if count == 0 else [text_block("both done")]
            )
        if "x-claude-code-parent-agent-id" in headers:
            return [text_block("deep down")]
        if "count on" in str(request["messages"][0]) and count == 0:
            return [spawn("toolu_c", "count")]
        return [bash(f"toolu_{headers[AGENT_ID]}")] if count == 0 else [text_block("counted")]

    agent = enter(Played(play))
    (result,) = await talk(agent, "go")
    assert result["result"] == "both done"
    calls = by_start(agent.episode)
    main = [call for call in calls if call.agent_path == "main"]
    assert edges(main) == [(None, Relation.ROOT), (0, Relation.CONTINUES)]
    by_id = {call.call_id: call for call in calls}
    firsts = [call for call in calls if call.relation is Relation.SUB_AGENT]
    prompts = {
        call.request["messages"][0]["content"][-1]["text"]: call
        for call in firsts
        if by_id[call.parent_call_id] is main[0]
    }
    assert set(prompts) == {"count", "count on"}
    (nested,) = [call for call in firsts if call not in prompts.values()]
    assert nested.parent_call_id == prompts["count on"].call_id
    assert len({call.agent_path for call in firsts}) == 3
    for first in prompts.values():
        (second,) = [call for call in calls if call.agent_path == first.agent_path and call is not first]
        assert (second.parent_call_id, second.relation) == (first.call_id, Relation.CONTINUES)
    assert sorted(len(learned) for learned, _ in rows(calls)) == [1, 2, 2, 2]


async def test_a_sub_agent_that_ends_before_the_answer_that_called_it(enter, talk):
    sub_agent_was_here = asyncio.Event()

    def play(request, headers):
        if AGENT_ID in headers:
            sub_agent_was_here.set()
            return [text_block("early")]
        if depth(request) == 0:
            return lingering(request, [spawn("toolu_a", "go ahead")], sub_agent_was_here)
        return [text_block("end")]

    agent = enter(Played(play))
    await talk(agent, "go")
    assert agent.episode.calls[0].agent_path != "main"
    first, sub, last = by_start(agent.episode)
    assert (sub.parent_call_id, sub.relation) == (first.call_id, Relation.SUB_AGENT)
    assert (last.parent_call_id, last.relation) == (first.call_id, Relation.CONTINUES)


async def test_a_fork_of_the_agent_is_a_sub_agent_of_the_answer_that_called_it(enter, talk):
    def play(request, headers):
        if AGENT_ID in headers:
            return [bash("toolu_f")] if depth(request) == 1 else [text_block("forked")]
        return [spawn("toolu_a", "look around", "fork")] if depth(request) == 0 else [text_block("end")]

    agent = enter(Played(play, model="claudebox-fork"))
    await talk(agent, "go")
    calls = by_start(agent.episode)
    assert edges(calls) == [
        (None, Relation.ROOT),
        (0, Relation.SUB_AGENT),
        (1, Relation.CONTINUES),
        (0, Relation.CONTINUES),
    ]
    assert rows(calls) == [([1, 2], 3), ([0, 3], 2)]


@pytest.mark.parametrize("compacts", ["by hand", "by itself"])
async def test_a_conversation_goes_on_from_its_summary(enter, talk, compacts):
    def play(request, headers):
        if "TEXT ONLY" in last_text(request):
            return [text_block(SUMMARY)]
        return [text_block(f"answer {depth(request)}")]

    def fill(request, headers):
        if compacts == "by itself" and last_text(request).endswith("two"):
            return message_reply(request, assistant_message(request, [bash("toolu_big")], Usage(190_000, 10)))
        return play(request, headers)

    agent = enter(Played(fill))
    prompts = ["one", "two", "/compact", "three"] if compacts == "by hand" else ["one", "two", "three"]
    await talk(agent, *prompts, CLAUDE_CODE_AUTO_COMPACT_WINDOW="100000")
    calls = by_start(agent.episode)
    expected = [(None, Relation.ROOT), (0, Relation.CONTINUES), (1, Relation.CONTINUES), (2, Relation.COMPACTION)]
    assert edges(calls)[:4] == expected
    assert edges(calls)[4:] == ([] if compacts == "by hand" else [(3, Relation.CONTINUES)])
    # What was said last before is told again after the summary, and not learned again.
    assert rows(calls) == [([0, 1, 2], 3), ([3], 2) if compacts == "by hand" else ([3, 4], 3)]


async def test_clear_begins_anew(enter, talk):
    agent = enter(Played(lambda request, headers: [text_block(f"answer {depth(request)}")]))
    await talk(agent, "one", "two", "/clear", "three", "/clear", "three")
    calls = by_start(agent.episode)
    assert edges(calls) == [
        (None, Relation.ROOT),
        (0, Relation.CONTINUES),
        (1, Relation.CLEAR),
        (2, Relation.CLEAR),
    ]
    assert rows(calls) == [([0, 1], 2), ([2], 1), ([3], 1)]
    assert [call.copy_of for call in agent.episode.calls] == [None] * 4


async def test_retries_and_the_fallback_are_copies_and_a_cut_answer_goes_on(enter, talk):
    faults = {
        0: lambda request: error_reply(529, "later"),
        1: lambda request: [bash("toolu_1")],
        2: lambda request: Reply(200, "text/html", once(b"<!doctype html>")),
        3: lambda request: [bash("toolu_2")],
        4: lambda request: cut(request, [text_block("half an")], 1),
        5: lambda request: Reply(0, "", once(b"")),
        6: lambda request: [bash("toolu_3")],
        7: lambda request: cut(request, [text_block("half an")], 4),
    }
    upstream = Played(
        lambda request, headers: faults.get(len(upstream.asked) - 1, lambda _: [text_block("end")])(request)
    )
    agent = enter(upstream)
    (result,) = await talk(agent, "go", CLAUDE_CODE_MAX_RETRIES="3")
    assert result["result"] == "end"
    calls = agent.episode.calls
    place = {call.call_id: index for index, call in enumerate(calls)}
    assert [None if call.copy_of is None else place[call.copy_of] for call in calls] == [
        *(None, 0),  # 529, and again
        *(None, 2),  # no answer of the API, and without streaming
        *(None, 4, 4),  # cut before its content, dropped, and again
        None,  # cut in its content
        None,  # goes on from what came
    ]
    assert [call.request.get("stream") for call in calls[2:4]] == [True, False]
    assert edges(calls) == [
        *[(None, Relation.ROOT)] * 2,
        *[(1, Relation.CONTINUES)] * 2,
        *[(3, Relation.CONTINUES)] * 3,
        (6, Relation.CONTINUES),
        (7, Relation.CONTINUES),
    ]
    assert [place[call.call_id] for call in distinct(calls)] == [1, 3, 6, 7, 8]
    assert total_usage(calls).input_tokens == 5000
    assert rows(calls) == [([1, 3, 6, 8], 5)]


async def test_thinking_is_passed_on_and_recorded_untouched(enter, talk):
    thinking = [
        {"type": "thinking", "thinking": "  hm\n", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "b3BhcXVl"},
        text_block("  so \n"),
        bash("toolu_t"),
    ]
    agent = enter(Played(lambda request, headers: thinking if depth(request) == 0 else [text_block("end")]))
    await talk(agent, "go")
    first, second = agent.episode.calls
    assert first.response["content"] == thinking
    assert second.request["messages"][1]["content"] == thinking
    assert rows([first, second]) == [([0, 1], 2)]


async def test_dollars_are_those_that_the_cli_counts(enter, talk):
    agent = enter(Played(lambda request, headers: [text_block("x")], model="claude-opus-5-5"))
    (result,) = await talk(agent, "go")
    (call,) = agent.episode.calls
    assert call.cost_usd == pytest.approx((1000 * 4 + 10 * 20) / 1e6)
    assert result["total_cost_usd"] == pytest.approx(call.cost_usd)
