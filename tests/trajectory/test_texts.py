from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudebox_rl.trajectory.rows import dump
from claudebox_rl.trajectory.texts import Parser, Rests, Texts, escape, escape_text, text_id, unfold, unfold_text

ODD = ["$text", "$$text", '{"$text":"' + "0" * 32 + '"}', ',"$$text":', '\\"$$text":', '"', "\\", "é日\x00\u2028", ""]
LONG = [c * n for c in ('a"\\', "日\n", "x") for n in (170, 600)]
KEYS = st.sampled_from([*ODD, "a", LONG[0]])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(ODD + LONG)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=3), VALUES)
def test_what_is_folded_comes_back_to_the_letter(values: list[dict[str, Any]], more: Any) -> None:
    texts = Texts()
    talk: list[Any] = []
    for value in values:
        talk += [value, more]
        asked = {"messages": talk, **value}
        folded = texts.fold(dump(asked))
        assert json.dumps(json.loads(unfold(folded, texts.by_id.__getitem__))) == json.dumps(asked)
        assert json.dumps(Parser(texts.by_id.__getitem__).parse(folded)) == json.dumps(asked)
        assert json.dumps(json.loads(unfold(escape(dump(asked)), texts.by_id.__getitem__))) == json.dumps(asked)
    assert all(text_id(text) == name and len(text) >= 512 for name, text in texts.by_id.items())


@given(st.sampled_from(ODD + LONG) | st.text())
def test_plain_text_comes_back(text: str) -> None:
    texts = Texts()
    for folded in (texts.fold_text(text), escape_text(text)):
        assert unfold_text(folded, texts.by_id.__getitem__) == text
        assert Parser(texts.by_id.__getitem__).text(folded) == text


def test_a_talk_costs_what_is_new_in_it() -> None:
    texts = Texts()
    messages: list[dict[str, Any]] = []
    size = 0
    for turn in range(100):
        block = {"type": "tool_result", "content": f"{turn} " + "line\n" * 10_000}
        messages.append({"role": "user", "content": [block]})
        marked = [*messages[:-1], {"role": "user", "content": [{**block, "cache_control": {"type": "ephemeral"}}]}]
        asked = {"model": "m", "messages": marked, "tools": [{"name": "Bash", "description": "d" * 9000}]}
        folded = texts.fold(compact(asked))
        assert unfold(folded, texts.by_id.__getitem__) == compact(asked)
        size += len(folded)
    assert len(texts.by_id) == 101, "a mark that moves keeps no output twice"
    assert size < 1_000_000


def test_what_comes_first_stays_and_lists_of_it_too() -> None:
    texts = Texts()
    long, many = "x" * 600, {str(number): number for number in range(100)}
    folded = json.loads(texts.fold(compact({"list": [long, many], "dict": many, "s": long})))
    ref = {"$text": text_id(f'"{long}"')}
    assert folded["list"][0] == folded["s"] == ref
    assert list(folded["list"][1]) == list(folded["dict"]) == ["$text"]
    assert texts.fold("[" + "1," * 900 + "1]") == "[" + "1," * 900 + "1]"


@pytest.mark.parametrize("depth", [10, 100_000])
def test_no_depth_is_too_deep_to_fold(depth: int) -> None:
    texts = Texts()
    deep = '{"a":' + "[" * depth + "]" * depth + "}"
    assert len(texts.fold(deep)) < 1000


def test_what_is_parsed_is_the_callers_own() -> None:
    texts = Texts()
    folded = texts.fold(compact({"a": [{"b": [1] * 500}] * 2}))
    parser = Parser(texts.by_id.__getitem__)
    one = parser.parse(folded)
    one["a"][0]["b"].clear()
    assert one["a"][1]["b"] == parser.parse(folded)["a"][0]["b"] == [1] * 500


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=2, max_size=3),
    st.dictionaries(KEYS, VALUES, max_size=3),
)
def test_what_episodes_say_alike_is_kept_by_each(values: list[dict[str, Any]], same: dict[str, Any]) -> None:
    rests: Rests = {}
    for value in values:
        asked = {"messages": [value], **same, "tools": [{"name": LONG[1]}, {"name": LONG[0]}], "metadata": LONG[2]}
        texts, alone = Texts(rests), Texts()
        for more in (asked, {**asked, "messages": [value, value]}):
            assert texts.fold(dump(more)) == alone.fold(dump(more))
        assert texts.by_id == alone.by_id
