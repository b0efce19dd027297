from __future__ import annotations

import json
import pickle
from functools import partial

import pytest
from gymnasium.vector.utils import batch_space, iterate

from claudebox_rl.env.spaces import AssistantMessage, JsonValue, UnicodeText, facts, facts_space


def test_any_text_of_the_right_length_is_in() -> None:
    space = UnicodeText(200_000, min_length=1)
    assert "é 🙂\n\x00" * 20_000 in space
    assert "" not in space
    assert "x" * 200_001 not in space
    assert b"bytes" not in space
    assert 3 not in space


def test_samples_are_short_seeded_and_inside() -> None:
    one, two = UnicodeText(min_length=1, seed=7), UnicodeText(min_length=1, seed=7)
    samples = [one.sample() for _ in range(50)]
    assert samples == [two.sample() for _ in range(50)]
    assert all(text in one and len(text) <= 32 for text in samples)
    assert len(set(samples)) > 25
    assert len(UnicodeText(5, min_length=5).sample()) == 5
    with pytest.raises(ValueError, match="mask"):
        one.sample(mask=1)


def test_equality_repr_pickle_and_json() -> None:
    space = UnicodeText(10, min_length=2)
    assert space == pickle.loads(pickle.dumps(space)) == UnicodeText(10, min_length=2)
    assert space != UnicodeText(10)
    assert repr(space) == "UnicodeText(10, min_length=2)"
    assert space.from_jsonable(space.to_jsonable(["aé"])) == ["aé"]
    assert not space.is_np_flattenable
    with pytest.raises(ValueError, match="min_length"):
        UnicodeText(1, min_length=2)


def test_it_batches() -> None:
    batched = batch_space(UnicodeText(), 2)
    assert ("a", "b") in batched
    assert list(iterate(batched, ("a", "b"))) == ["a", "b"]


def test_facts_stand_in_the_order_of_their_names() -> None:
    names = ("one", "two")
    assert facts(names, two=2, one=True).tolist() == [1.0, 2.0]
    assert facts(names, one=1, two=2) in facts_space(names)
    with pytest.raises(KeyError, match="two"):
        facts(names, one=1)


def test_any_json_is_in_and_nothing_else() -> None:
    space = JsonValue()
    for value in (None, True, 3, -2.5, "é\n", [], [1, [None]], {}, {"a": {"b": [1.0]}}):
        assert value in space
    for value in (float("nan"), float("inf"), b"x", (1,), {1: 2}, {"a": {1, 2}}, [object()]):
        assert value not in space
    assert {"a": 1} in JsonValue(objects_only=True)
    assert [1] not in JsonValue(objects_only=True)


@pytest.mark.parametrize("kind", [JsonValue, partial(JsonValue, objects_only=True), AssistantMessage])
def test_samples_of_json_are_seeded_and_inside(kind) -> None:
    one, two = kind(seed=7), kind(seed=7)
    samples = [one.sample() for _ in range(60)]
    assert samples == [two.sample() for _ in range(60)]
    assert all(value in one for value in samples)
    assert len({json.dumps(value) for value in samples}) > 20
    assert one.from_jsonable(json.loads(json.dumps(one.to_jsonable(samples)))) == samples
    assert one == pickle.loads(pickle.dumps(one)) == kind()
    with pytest.raises(ValueError, match="mask"):
        one.sample(mask=1)
    batched = batch_space(one, 2)
    assert (samples[0], samples[1]) in batched


def test_spaces_of_json_differ_by_what_they_hold() -> None:
    assert JsonValue() != JsonValue(objects_only=True)
    assert AssistantMessage() != JsonValue()
