from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest
from trajectory_values import UNICODE, call_of, episode_of, step_of

from claudebox_rl.trajectory import parquet, rows
from claudebox_rl.trajectory.schema import EPISODES, MODEL_CALLS, STEPS
from claudebox_rl.types import Episode, ModelCall, Outcome, Step, Usage


def test_the_sample_values_leave_no_field_at_its_default() -> None:
    for value in (episode_of("e"), call_of("e", "1"), step_of("e", 1)):
        least = {
            Episode: Episode("e", "", "", Outcome.COMPLETED, None),
            ModelCall: ModelCall("", "e", {}, None, 0),
            Step: Step("e", 0, {}, "", 0.0, {}, False, False),
        }[type(value)]
        same = [f.name for f in fields(value) if getattr(value, f.name) == getattr(least, f.name)]
        assert set(same) <= {"episode_id", "outcome", "terminated"}


def test_rows_have_exactly_the_columns_of_their_table() -> None:
    assert set(rows.episode_row(episode_of("e"))) == set(EPISODES.names)
    assert set(rows.step_row(step_of("e", 1))) == set(STEPS.names)
    assert set(rows.call_row(call_of("e", "1"), 0)) == set(MODEL_CALLS.names)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\ud83d\ude00", "😀"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ufeffé", "\ufeffé"),
        (UNICODE, UNICODE),
    ],
)
def test_text_becomes_what_utf8_can_hold(text: str, kept: str) -> None:
    step = replace(step_of("e", 1), action=text, observation={text: [text]}, reward_terms={text: 1.0})
    back = rows.step_of(rows.step_row(step))
    assert (back.action, back.observation, back.reward_terms) == (kept, {kept: [kept]}, {kept: 1.0})


def test_numbers_that_json_lacks_become_strings() -> None:
    value = {"a": [float("nan"), {"b": float("inf")}], "c": (-float("inf"),), "d": np.array([np.nan, 1.0])}
    strict = json.loads(rows.dump(value), parse_constant=pytest.fail)
    assert strict == {"a": ["NaN", {"b": "Infinity"}], "c": ["-Infinity"], "d": ["NaN", 1.0]}


def test_numpy_values_are_numbers() -> None:
    step = replace(
        step_of("e", 1),
        reward=np.float32(0.5),
        reward_terms={"x": np.float32(0.5)},
        terminated=np.bool_(True),
        observation={"facts": np.arange(3), "n": np.int64(4)},
    )
    back = rows.step_of(rows.step_row(step))
    assert back.reward == 0.5
    assert back.terminated is True
    assert back.observation == {"facts": [0, 1, 2], "n": 4}


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes is not JSON"):
        rows.dump({"a": b"x"})


def test_a_column_that_an_older_part_lacks_gets_the_default() -> None:
    row = rows.episode_row(episode_of("e")) | {"num_turns": None, "cached_tokens": None}
    back = rows.episode_of(row)
    assert (back.num_turns, back.usage) == (0, Usage(10, 20, 0))


def test_a_step_of_an_older_part_reads_with_no_policy_broken() -> None:
    row = rows.step_row(step_of("e", 1))
    for call in row["tool_calls"]:
        del call["policy_violation"]
    kind = STEPS.field("tool_calls").type.value_type
    old_calls = pa.list_(pa.struct([kind.field(i) for i in range(kind.num_fields - 1)]))
    old = STEPS.set(STEPS.get_field_index("tool_calls"), pa.field("tool_calls", old_calls))
    whole = parquet.concatenate("steps", [pa.Table.from_pylist([row], old), pa.Table.from_pylist([row], STEPS)])
    read = [rows.step_of(each) for each in whole.to_pylist()]
    assert [call.policy_violation for step in read for call in step.tool_calls] == [None] * 4
    assert [call.name for call in read[0].tool_calls] == ["Bash", "Task"]
