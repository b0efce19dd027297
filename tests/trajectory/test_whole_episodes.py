"""Any episode goes in and comes out equal: through the writer and readers, and through all that rewrites datasets."""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trajectory_values import episode_of, journal, record_of

from claudebox_rl.trajectory import EpisodeRecord, commit, load_dataset
from claudebox_rl.trajectory.upkeep import compact, filter_episodes, merge, verify
from claudebox_rl.types import Episode, ModelCall, Outcome, Relation, Step, ToolCall, Usage

LONG = [
    "x" * 600,
    '日本語 \u2028\x00\\"' * 90,
    '{"$text":"' + "0" * 32 + '"}' * 20,
    "\ud83d\ude00" * 300,
    "\ud800" * 600,
]
TEXT = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from([*LONG, "$text", "\x00", "\ud800"])
FLOAT = st.floats(width=64)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOAT | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
COUNT = st.integers(0, 2**62)
IDS = st.none() | st.lists(st.integers(0, 2**31 - 1), max_size=3).map(tuple)
OUTCOMES = st.sampled_from(list(Outcome))
TOOL_CALL = st.builds(
    ToolCall, TEXT, TEXT, OBJECT, TEXT, st.booleans(), FLOAT, st.none() | FLOAT, st.none() | TEXT, st.none() | TEXT
)
TERMS = st.dictionaries(TEXT, FLOAT, max_size=3)


@st.composite
def episodes(draw: st.DrawFn, name: str) -> EpisodeRecord:
    """An episode of none to three steps, some of them empty."""
    steps: list[Step] = []
    calls: list[tuple[ModelCall, int | None]] = []
    for index in range(draw(st.integers(0, 3))):
        tools = tuple(draw(st.lists(TOOL_CALL, max_size=2)))
        flags = draw(st.booleans()), draw(st.booleans())
        steps.append(Step(name, index, draw(OBJECT), draw(TEXT), draw(FLOAT), draw(TERMS), *flags, tools))
        calls += [(call, index) for call in draw(st.lists(model_calls(name), max_size=2))]
    calls += [(call, None) for call in draw(st.lists(model_calls(name), max_size=1))]
    calls = [(replace(call, call_id=f"{name}-{index}"), step) for index, (call, step) in enumerate(calls)]
    episode = Episode(
        name,
        draw(TEXT),
        draw(TEXT),
        draw(OUTCOMES),
        draw(st.none() | FLOAT),
        seed=draw(st.none() | COUNT),
        rewards=draw(TERMS),
        num_steps=len(steps),
        usage=Usage(draw(COUNT), draw(COUNT), draw(COUNT)),
        cost_usd=draw(FLOAT),
        config=draw(OBJECT),
        overrides=tuple(draw(st.lists(TEXT, max_size=2))),
        error_message=draw(st.none() | TEXT),
        workspace_diff=draw(st.none() | TEXT),
    )
    return EpisodeRecord(episode, tuple(steps), tuple(call for call, _ in calls), tuple(step for _, step in calls))


def model_calls(name: str) -> st.SearchStrategy[ModelCall]:
    response = st.none() | OBJECT
    return st.builds(
        ModelCall,
        call_id=st.just(""),
        episode_id=st.just(name),
        request=OBJECT,
        response=response,
        status=st.integers(0, 599),
        relation=st.sampled_from(list(Relation)),
        cost_usd=st.none() | FLOAT,
        latency_s=FLOAT,
        prompt_token_ids=IDS,
        completion_token_ids=IDS,
        logprobs=st.none() | st.lists(FLOAT, max_size=3).map(tuple),
    )


def text_of(text: str) -> str:
    """As docs/dataset.md has it: surrogate pairs are characters, and a lone surrogate becomes U+FFFD."""
    joined = re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda m: chr(
        0x10000 + ((ord(m[0][0]) - 0xD800) << 10) + ord(m[0][1]) - 0xDC00), text)  # fmt: skip
    return re.sub("[\ud800-\udfff]", "\ufffd", joined)


def json_of(value: Any) -> Any:
    """As docs/dataset.md has it: NaN and infinities in JSON become strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list):
        return [json_of(item) for item in value]
    return {text_of(key): json_of(item) for key, item in value.items()} if isinstance(value, dict) else value


def stored(value: Any) -> Any:
    """Return what is read where `value` was written; numbers that are no JSON stay what they are."""
    if is_dataclass(value) and not isinstance(value, type):
        odd = ("observation", "input", "request", "response", "config")
        given = {field.name: getattr(value, field.name) for field in fields(value)}
        kept = {name: json_of(item) if name in odd else stored(item) for name, item in given.items()}
        return replace(value, **kept)
    if isinstance(value, str) and not isinstance(value, Outcome | Relation):
        return text_of(value)
    if isinstance(value, tuple):
        return tuple(map(stored, value))
    return {text_of(key): item for key, item in value.items()} if isinstance(value, dict) else value


def read_in_each_way(dataset: Path) -> list[str]:
    """Return all episodes by their ids, as text that tells 1 from 1.0 and knows NaN, whichever way they are read."""
    opened = load_dataset(dataset)
    found = {record.episode.episode_id: repr(record) for record in opened}
    assert {name: repr(opened[name]) for name in found} == found
    requests = zip(opened.model_calls["call_id"].to_pylist(), opened.model_calls["request"].to_pylist(), strict=True)
    by_id = {call.call_id: call.request for record in opened for call in record.model_calls}
    assert {name: repr(json.loads(text)) for name, text in requests} == {n: repr(value) for n, value in by_id.items()}
    return [found[name] for name in sorted(found)]


def holds_through_all(folder: Path, records: Sequence[EpisodeRecord]) -> None:
    """Write the first alone and the others together; read, compact, part and put together again."""
    expected = [repr(stored(record)) for record in records]
    data = folder / "data"
    for index, record in enumerate(records):
        journal(data, record)
        if index in (0, len(records) - 1):
            commit(data)
    assert read_in_each_way(data) == expected
    first = records[0].episode.episode_id
    rest = [record.episode.episode_id for record in records[1:]]
    for state in ("many", "one"):
        filter_episodes(data, folder / f"{state}-first", where=id_in([first]))
        filter_episodes(data, folder / f"{state}-rest", where=id_in(rest))
        assert read_in_each_way(folder / f"{state}-first") == expected[:1]
        assert read_in_each_way(folder / f"{state}-rest") == expected[1:]
        merge([folder / f"{state}-rest", folder / f"{state}-first"], folder / f"{state}-merged")
        assert read_in_each_way(folder / f"{state}-merged") == expected
        assert [each for each in verify(folder / f"{state}-merged") if each.where.startswith("texts")] == []
        compact(data)
        assert read_in_each_way(data) == expected


def id_in(names: list[str]) -> Any:
    import pyarrow.compute as pc

    return pc.field("episode_id").isin(names)


@pytest.mark.parametrize("num_examples", [5, pytest.param(150, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_any_episode_comes_out_as_it_went_in(num_examples: int) -> None:
    @settings(max_examples=num_examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(episodes("a"), episodes("b"), episodes("c"))
    def check(first: EpisodeRecord, second: EpisodeRecord, third: EpisodeRecord) -> None:
        with tempfile.TemporaryDirectory() as folder:
            holds_through_all(Path(folder), [first, second, third])

    check()


@pytest.mark.slow
def test_an_output_of_ten_megabytes(tmp_path: Path) -> None:
    output = "".join(f"{index:07d} naïve 日本\x00\n" for index in range(500_000))
    assert len(output.encode()) > 10 << 20
    records = [record_of(name, num_steps=2) for name in "abc"]
    tool = replace(records[0].steps[1].tool_calls[0], output=output, input={"command": [output]})
    records[0] = replace(records[0], steps=(records[0].steps[0], replace(records[0].steps[1], tool_calls=(tool,))))
    holds_through_all(tmp_path, records)


@pytest.mark.parametrize("depth", [900, 2000])
def test_what_is_nested_deeply(tmp_path: Path, depth: int) -> None:
    """Deeper than Python reads JSON by itself; each level is long enough for a text of its own."""
    pad = list(range(200))
    value: Any = "bottom"
    for level in range(depth):
        value = {"down": value, "pad": pad} if level % 2 else [value, pad]
    call = ModelCall("call", "deep", {"messages": [value]}, {"content": value}, 200)
    step = Step("deep", 0, {"value": value}, "", 0.0, {}, True, False, (ToolCall("t", "Bash", {"value": value}),))
    episode = replace(episode_of("deep", 1), config={"value": value})
    journal(tmp_path / "data", EpisodeRecord(episode, (step,), (call,), (0,)))
    commit(tmp_path / "data")
    assert filter_episodes(tmp_path / "data", tmp_path / "filtered", where=id_in(["deep"])) == 1
    for dataset in (tmp_path / "data", tmp_path / "filtered"):
        (record,) = load_dataset(dataset)
        read = record.model_calls[0], record.steps[0]
        found = [read[0].request["messages"][0], (read[0].response or {})["content"], read[1].observation["value"]]
        for each in (*found, read[1].tool_calls[0].input["value"], record.episode.config["value"]):
            assert num_levels(each, pad) == depth
        assert load_dataset(dataset).model_calls["request"][0].as_py().count("pad") == depth // 2


def num_levels(value: Any, pad: list[int]) -> int:
    count = 0
    while value != "bottom" if isinstance(value, str) else True:
        value, beside = (value["down"], value["pad"]) if isinstance(value, dict) else value
        assert beside == pad
        count += 1
    return count
