from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from call_trees import ACTS, REWRITES, TOLD_BY_THE_CLI, Agent
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl import training_rows
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.lineage import Lineage
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import ModelCall, Relation

SEEDS = st.integers(0, 2**32)
EPISODES = st.builds(lambda acts, seed: (acts, seed), st.lists(st.sampled_from(ACTS), max_size=25), SEEDS)


def played(episode, **options) -> Agent:
    acts, seed = episode
    agent = Agent(seed, **options)
    for act in acts:
        agent.act(act)
    return agent


def content(message):
    said = message["content"]
    return [{"type": "text", "text": said}] if isinstance(said, str) else said


@given(EPISODES)
def test_each_answer_is_learned_once_behind_the_context_that_it_was_sampled_with(episode):
    agent = played(episode)
    calls = {call.call_id: call for call in agent.calls}
    learned = Counter()
    for row in training_rows(agent.record()):
        assert len(row.loss_mask) == len(row.messages)
        places = [index for index, is_learned in enumerate(row.loss_mask) if is_learned]
        assert len(places) == len(row.trained_call_ids) > 0
        for place, call in zip(places, map(calls.get, row.trained_call_ids), strict=True):
            learned[call.call_id] += 1
            assert row.messages[:place] == call.request["messages"]
            assert row.messages[place]["role"] == "assistant"
            assert content(row.messages[place]) == call.response["content"]
            assert (row.system, row.tools) == (call.request["system"], call.request["tools"])
    assert learned == Counter(agent.learned)


@given(EPISODES)
def test_each_token_is_learned_once_behind_the_tokens_that_it_was_sampled_with(episode):
    agent = played(episode)
    calls = {call.call_id: call for call in agent.calls}
    learned = Counter()
    for row in training_rows(agent.record(), "tokens"):
        assert len(row.token_ids) == len(row.loss_mask) == len(row.logprobs)
        expected = [False] * len(row.token_ids)
        for call in map(calls.get, row.trained_call_ids):
            learned[call.call_id] += 1
            begin = len(call.prompt_token_ids)
            end = begin + len(call.completion_token_ids)
            assert row.token_ids[:begin] == call.prompt_token_ids
            assert row.token_ids[begin:end] == call.completion_token_ids
            assert row.logprobs[begin:end] == call.logprobs
            expected[begin:end] = [True] * (end - begin)
        assert list(row.loss_mask) == expected
    assert learned == Counter(agent.learned)


@given(st.lists(st.sampled_from([act for act in ACTS if act not in REWRITES]), max_size=25), SEEDS)
def test_where_no_context_changes_there_is_a_row_for_each_way_from_root_to_leaf(acts, seed):
    agent = played((acts, seed))
    messages, tokens = training_rows(agent.record()), training_rows(agent.record(), "tokens")
    assert [row.trained_call_ids for row in messages] == [row.trained_call_ids for row in tokens]
    calls = {call.call_id: call for call in agent.calls}
    for row in messages:
        path = list(map(calls.get, row.call_ids))
        assert path[0].relation is not Relation.CONTINUES
        assert [call.parent_call_id for call in path[1:]] == [call.call_id for call in path[:-1]]
    leaves = [row.call_ids[-1] for row in messages]
    continued = {
        call.parent_call_id
        for call in agent.calls
        if call.relation is Relation.CONTINUES and call.call_id in {i for row in messages for i in row.call_ids}
    }
    assert len(leaves) == len(set(leaves))
    assert not continued & set(leaves)


@given(EPISODES)
def test_the_order_in_which_calls_were_stored_does_not_matter(episode):
    record = played(episode).record()
    shuffled = replace(record, model_calls=record.model_calls[::-1])
    assert training_rows(shuffled) == training_rows(record)


@given(EPISODES)
def test_a_relation_that_was_not_recorded_is_read_from_the_messages(episode):
    agent = played(episode)
    calls = tuple(replace(call, relation=None) for call in agent.calls)
    rows = training_rows(replace(agent.record(), model_calls=calls))
    assert Counter(name for row in rows for name in row.trained_call_ids) == Counter(agent.learned)


@given(st.lists(st.sampled_from([act for act in ACTS if act not in TOLD_BY_THE_CLI]), max_size=25), SEEDS)
def test_what_the_gateway_sees_of_such_calls_is_learned_alike(acts, seed):
    agent, lineage = played((acts, seed)), Lineage()
    seen = []
    for call in agent.calls:
        request, asked = lineage.begin(call.call_id, call.request, Caller(session="s"), lambda: None)
        asked.end(call.response, is_answered=call.is_answered)
        found = asked.origin
        assert request == call.request
        seen.append(replace(call, parent_call_id=found.parent_call_id, relation=found.relation, copy_of=found.copy_of))
    rows = training_rows(replace(agent.record(), model_calls=tuple(seen)))
    assert Counter(name for row in rows for name in row.trained_call_ids) == Counter(agent.learned)


def test_an_episode_without_calls_has_no_rows():
    record = EpisodeRecord(Agent(0).record().episode, (), (), ())
    assert training_rows(record) == training_rows(record, "tokens") == ()


def test_ways_that_part_share_their_beginning_once():
    agent = Agent(1)
    for act in ("ask", "branch"):
        agent.act(act)
    first, second = training_rows(agent.record())
    assert [first.trained_call_ids, second.trained_call_ids] == [("c0", "c1"), ("c2",)]
    assert [first.call_ids, second.call_ids] == [("c0", "c1"), ("c0", "c2")]
    assert [first.loss_mask, second.loss_mask] == [(False, True) * 2, (False, False, False, True)]
    assert first.episode_return == agent.record().episode.episode_return
    first, second = training_rows(agent.record(), "tokens")
    shared = agent.calls[0].prompt_token_ids + agent.calls[0].completion_token_ids
    assert first.token_ids[: len(shared)] == second.token_ids[: len(shared)] == shared
    assert sum(second.loss_mask) == len(agent.calls[2].completion_token_ids)


def test_a_prompt_that_was_tokenised_anew_begins_a_row():
    agent = Agent(2)
    for act in ("ask", "ask", "drift", "ask"):
        agent.act(act)
    (whole,) = training_rows(agent.record())
    assert whole.trained_call_ids == ("c0", "c1", "c2")
    first, second = training_rows(agent.record(), "tokens")
    assert (first.trained_call_ids, second.trained_call_ids) == (("c0", "c1"), ("c2",))
    assert second.token_ids == agent.calls[2].prompt_token_ids + agent.calls[2].completion_token_ids


def test_rows_of_tokens_are_refused_where_ids_were_not_captured():
    agent = Agent(3)
    for act in ("ask", "fail", "ask"):
        agent.act(act)
    answered = [call for call in agent.calls if call.is_answered]
    calls = tuple(replace(call, prompt_token_ids=None) if call is answered[-1] else call for call in agent.calls)
    record = replace(agent.record(), model_calls=calls)
    with pytest.raises(
        TrajectoryError, match=f"token ids were not captured of 1 calls: {answered[-1].call_id}"
    ) as error:
        training_rows(record, "tokens")
    assert error.value.context["calls"] == [answered[-1].call_id]
    assert training_rows(record)


@given(EPISODES)
def test_an_episode_without_ids_has_message_rows_only(episode):
    agent = played(episode, has_ids=False)
    rows = training_rows(agent.record())
    if rows:
        with pytest.raises(TrajectoryError, match="not captured"):
            training_rows(agent.record(), "tokens")


def test_tokens_without_their_probabilities_make_rows_without_and_uneven_ones_are_refused():
    agent = Agent(4)
    agent.act("ask")
    (call,) = agent.calls
    record = agent.record()
    (row,) = training_rows(replace(record, model_calls=(replace(call, logprobs=None),)), "tokens")
    assert row.logprobs is None
    with pytest.raises(TrajectoryError, match="not as many log-probabilities as tokens of 1 calls: c0"):
        training_rows(replace(record, model_calls=(replace(call, logprobs=(*call.logprobs, -1.0)),)), "tokens")


def test_an_agent_may_leave_out_what_says_nothing():
    said = [{"type": "text", "text": ""}, {"type": "tool_use", "id": "t", "name": "Bash", "input": {}, "caller": None}]
    kept = [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}, "cache_control": {"type": "ephemeral"}}]
    one = {"messages": [{"role": "user", "content": "go"}]}
    two = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "go", "cache_control": {"type": "ephemeral"}}]},
            {"role": "assistant", "content": kept},
            {"role": "user", "content": "on"},
        ]
    }
    answer = {"type": "message", "content": said, "stop_reason": "tool_use"}
    calls = (
        ModelCall("a", "e", one, answer, 200),
        ModelCall("b", "e", two, {**answer, "content": []}, 200, parent_call_id="a", started_at=1.0),
    )
    (row,) = training_rows(replace(Agent(0).record(), model_calls=calls))
    assert row.loss_mask == (False, True, False, True)
