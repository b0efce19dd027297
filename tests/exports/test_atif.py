from __future__ import annotations

import contextlib
import copy
import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from atif_checks import check
from atif_episodes import Cli, plain
from call_trees import ACTS, Agent
from hypothesis import given
from hypothesis import strategies as st
from trajectory_values import record_of

from claudebox_rl import training_rows
from claudebox_rl.errors import SchemaVersionError, TrajectoryError
from claudebox_rl.exports.atif import VERSION, from_atif, read_atif, to_atif, write_atif
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import Outcome, Relation, Step

SEEDS = st.integers(0, 2**32)


def assert_same(back: EpisodeRecord, record: EpisodeRecord) -> None:
    assert (back.episode, back.steps, back.call_steps) == (record.episode, record.steps, record.call_steps)
    assert plain(back) == plain(record)


def without_ours(value):
    """A document as anybody else would have written it."""
    if isinstance(value, dict):
        return {name: without_ours(item) for name, item in value.items() if name != "claudebox_rl"}
    return [without_ours(item) for item in value] if isinstance(value, list) else value


@given(st.lists(st.sampled_from(ACTS), max_size=25), SEEDS)
def test_whatever_an_agent_does_comes_back(acts, seed):
    agent = Agent(seed)
    for act in acts:
        agent.act(act)
    record = agent.record()
    document = to_atif(record)
    check(document)
    back = from_atif(document)
    assert_same(back, record)
    assert training_rows(back, "tokens") == training_rows(record, "tokens")


@given(SEEDS, st.booleans(), st.integers(0, 6))
def test_tools_and_sub_agents_come_back(seed, odd, num_turns):
    record = Cli(seed, odd=odd).record(num_turns)
    document = to_atif(record)
    check(document)
    assert_same(from_atif(document), record)
    assert json.loads(json.dumps(document)) == document


def test_any_text_and_number_comes_back():
    record = record_of("e")
    odd = Step("e", 3, {"n": [1, None]}, "x", math.inf, {"a": -math.inf}, True, False)
    record = replace(record, steps=(*record.steps, odd))
    document = to_atif(record)
    check(document)
    assert_same(from_atif(document), record)


def test_an_episode_without_calls_or_steps():
    empty = replace(record_of("e"), steps=(), model_calls=(), call_steps=())
    document = to_atif(empty)
    check(document)
    assert [step["source"] for step in document["steps"]] == ["system"]
    assert_same(from_atif(document), empty)


def test_what_the_format_has_a_field_for_stands_there():
    record = Cli(7, odd=False).record(4)
    document = to_atif(record)
    assert (document["schema_version"], document["trajectory_id"]) == (VERSION, "e")
    assert document["agent"]["tool_definitions"][0]["function"]["name"] == "Bash"
    steps = document["steps"]
    assert [step["source"] for step in steps[:3]] == ["system", "user", "agent"]
    main = [call for call in record.model_calls if call.agent_path == "main"]
    answers = [step for step in steps if step["source"] == "agent"]
    assert len(answers) == len(main)
    for step, call in zip(answers, main, strict=True):
        assert step["metrics"] == {
            "prompt_tokens": call.usage.input_tokens,
            "completion_tokens": 5,
            "cached_tokens": 3,
            "cost_usd": 0.01,
            "prompt_token_ids": [1, 2, 3],
            "completion_token_ids": [4],
            "logprobs": [-0.5],
        }
        uses = [block for block in call.response["content"] if block["type"] == "tool_use"]
        assert [(one["tool_call_id"], one["arguments"]) for one in step.get("tool_calls", [])] == [
            (use["id"], use["input"]) for use in uses
        ]
        results = step.get("observation", {}).get("results", [])
        assert [result["source_call_id"] for result in results] == [use["id"] for use in uses]
        assert all("out" in str(result["content"]) for result in results)
    assert document["final_metrics"]["total_prompt_tokens"] == sum(call.usage.input_tokens for call in main)


def test_the_documents_of_a_conversation_do_not_grow_with_its_square():
    sizes = [len(json.dumps(to_atif(Cli(1, odd=False).record(num)))) for num in (10, 40)]
    assert sizes[1] < 6 * sizes[0]


def sub_agents(document):
    return [one for helper in document.get("subagent_trajectories", []) for one in (helper, *sub_agents(helper))]


def test_a_sub_agent_is_linked_where_it_was_started():
    record = Cli(3).record(5)
    document = to_atif(record)
    paths = {call.agent_path for call in record.model_calls} - {"main"}
    helpers = sub_agents(document)
    assert len(paths) > 1
    assert {helper["trajectory_id"] for helper in helpers} == {f"e/{path}" for path in paths}
    started = {call.tool_use_id: call for step in record.steps for call in step.tool_calls}
    for trajectory in (document, *helpers):
        for step in trajectory["steps"]:
            for result in step.get("observation", {}).get("results", []):
                for ref in result.get("subagent_trajectory_ref", []):
                    (helper,) = [one for one in helpers if one["trajectory_id"] == ref["trajectory_id"]]
                    made = [call for one in helper["steps"] for call in one.get("tool_calls", [])]
                    parents = {started[call["tool_call_id"]].parent_tool_use_id for call in made}
                    assert parents <= {result["source_call_id"]}


def test_a_document_of_anybody_else_gives_what_it_says():
    record = Cli(5, odd=False).record(5)
    document = without_ours(to_atif(record))
    back = from_atif(document, task_id="t", outcome=Outcome.TRUNCATED, episode_return=0.5)
    assert (back.episode.episode_id, back.episode.task_id, back.episode.outcome) == ("e", "t", Outcome.TRUNCATED)
    assert back.episode.model == "m"
    assert back.steps[-1].reward == back.episode.episode_return == 0.5
    assert len(back.model_calls) == len(record.model_calls)
    told = {(row.agent_path == "main", said(row)) for row in training_rows(record)}
    assert {(row.agent_path == "main", said(row)) for row in training_rows(back)} == told
    assert sum(call.usage.input_tokens for call in back.model_calls) == sum(
        call.usage.input_tokens for call in record.model_calls
    )
    relations = [call.relation for call in back.model_calls]
    assert relations.count(Relation.SUB_AGENT) == len(sub_agents(document))


def said(row) -> str:
    """What a row teaches and behind what, without the roles' blocks being told apart in their form."""
    return json.dumps([row.messages[-1]["content"], len(row.messages), row.loss_mask, row.tools])


def agent_step(number, message, **fields):
    return {"step_id": number, "source": "agent", "message": message, **fields}


def test_results_without_a_tool_call_are_told_as_text():
    """As Terminus 2 writes them: commands in the answer, and the terminal as what came."""
    seen = {"results": [{"content": "$ ls\nfile"}]}
    document = {
        "schema_version": "ATIF-v1.4",
        "session_id": "s",
        "agent": {"name": "terminus-2", "version": "2", "model_name": "m"},
        "steps": [
            {"step_id": 1, "source": "user", "message": "solve it", "timestamp": "2026-01-01T00:00:00Z"},
            agent_step(2, "ls", observation=seen, timestamp="2026-01-01T00:00:01+00:00"),
            agent_step(3, "done", metrics={"prompt_tokens": 9, "logprobs": [-1.0]}),
        ],
    }
    check(document | {"schema_version": VERSION})
    back = from_atif(document)
    (row,) = training_rows(back)
    assert [(one["role"], one["content"][0]["text"]) for one in row.messages] == [
        ("user", "solve it"),
        ("assistant", "ls"),
        ("user", "$ ls\nfile"),
        ("assistant", "done"),
    ]
    assert row.loss_mask == (False, True, False, True)
    assert (back.model_calls[1].usage.input_tokens, back.model_calls[1].logprobs) == (9, (-1.0,))
    assert [(step.action, step.terminated) for step in back.steps] == [("solve it", True)]
    assert back.episode.ended_at - back.episode.started_at == 1.0


def test_what_was_copied_is_context_and_no_answer():
    steps = [{"step_id": 1, "source": "user", "message": "go"}, agent_step(2, "before", is_copied_context=True)]
    document = {
        "schema_version": VERSION,
        "agent": {"name": "a", "version": "1"},
        "steps": [*steps, agent_step(3, "now")],
    }
    (row,) = training_rows(from_atif(document))
    assert row.loss_mask == (False, False, True)


def test_a_folder_is_written_and_read(tmp_path: Path):
    records = [record_of("a/../b c"), record_of(".."), Cli(3).record()]
    files = write_atif(records, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in files)
    assert {path.parent for path in files} == {tmp_path / "out"}
    for path, record in zip(files, records, strict=True):
        assert_same(read_atif(path), record)


def test_other_files_are_read_only_beside_the_document(tmp_path: Path):
    (tmp_path / "run").mkdir()
    whole = without_ours(to_atif(Cli(3).record()))
    (helper,) = whole.pop("subagent_trajectories")[:1]
    helper.pop("subagent_trajectories", None)
    (tmp_path / "run" / "helper.json").write_text(json.dumps(helper))
    (tmp_path / "secret.json").write_text(json.dumps(helper))
    part = copy.deepcopy(whole) | {
        "steps": [{"step_id": 1, "source": "user", "message": "further"}, agent_step(2, "yes")]
    }
    (tmp_path / "run" / "more.json").write_text(json.dumps(part))
    whole["continued_trajectory_ref"] = "more.json"
    refs = [
        result.pop("subagent_trajectory_ref")
        for step in whole["steps"]
        for result in step.get("observation", {}).get("results", [])
        if "subagent_trajectory_ref" in result
    ]
    assert refs
    for name, num_calls in (("helper.json", 2), ("../secret.json", 0), ("nowhere.json", 0)):
        linked = copy.deepcopy(whole)
        step = next(step for step in linked["steps"] if step.get("observation"))
        step["observation"]["results"][0]["subagent_trajectory_ref"] = [{"trajectory_path": name}]
        (tmp_path / "run" / "main.json").write_text(json.dumps(linked))
        back = read_atif(tmp_path / "run" / "main.json")
        assert len([call for call in back.model_calls if call.agent_path != "main"]) == num_calls
        assert back.model_calls[-1 - num_calls].response["content"][0]["text"] == "yes"


@pytest.mark.parametrize(
    "document", [{}, {"schema_version": "1.4"}, {"schema_version": VERSION}, {"schema_version": VERSION, "steps": [1]}]
)
def test_what_is_no_document_is_refused(document):
    with pytest.raises(TrajectoryError, match="no document of ATIF"):
        from_atif(document)


def test_a_later_version_is_refused():
    with pytest.raises(SchemaVersionError, match="ATIF-v2"):
        from_atif({"schema_version": "ATIF-v2.0"})


@given(SEEDS)
def test_a_damaged_document_is_an_error_or_another_episode(seed):
    chance = random.Random(seed)
    document = to_atif(Cli(seed % 50).record(2))
    place = document
    while isinstance(place, dict | list) and place:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if chance.random() < 0.3 or not isinstance(place[key], dict | list):
            place[key] = chance.choice([None, 7, "x", [], {}, [None], {"a": 1}])
            break
        place = place[key]
    with contextlib.suppress(TrajectoryError):
        assert from_atif(document).episode


def test_an_image_is_named_in_its_step_and_comes_back():
    record = Cli(5, odd=False).record(2)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    calls = [
        replace(
            call, request=call.request | {"messages": [{"role": "user", "content": [image]}, *call.request["messages"]]}
        )
        for call in record.model_calls
    ]
    record = replace(record, model_calls=tuple(calls))
    document = to_atif(record)
    check(document)
    assert document["steps"][1]["message"] == "[image/png]"
    assert_same(from_atif(document), record)
