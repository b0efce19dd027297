from __future__ import annotations

import re

import pytest

from claudebox_rl.gateway.upstreams._divergence import Difference, first_difference
from claudebox_rl.gateway.upstreams._volatile import Comparison

UUID = "e99c97de-0f05-4f02-b911-d4dd4cec8340"


def result(text: str) -> dict:
    return {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": text}]}]}


def parallel(*ids: str, given: tuple[str, ...]) -> dict:
    asked = [{"type": "tool_use", "id": one, "name": "Agent", "input": {}} for one in ids]
    results = [{"type": "tool_result", "tool_use_id": one, "content": f"by {one}"} for one in given]
    return {"messages": [{"role": "assistant", "content": asked}, {"role": "user", "content": results}]}


def said(text: str) -> dict:
    return {"messages": [{"role": "user", "content": text}]}


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        ({"metadata": {"user_id": "a"}, "stream": True, "model": "m"}, {"stream": False, "model": "m"}),
        (
            {"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]},
            {"system": [{"type": "text", "text": "s"}]},
        ),
        (said(f"session {UUID}"), said("session 01234567-89ab-cdef-0123-456789abcdef")),
        (said("Today's date is 2026-11-24."), said("Today's date is 2027-01-02.")),
        (said("at 2026-11-24T18:05:01.25Z, 2026-11-24 18:05"), said("at 2026-11-25T01:02:03+01:00, 2026-12-01 00:00")),
        (said("wrote /tmp/tmp.Ab3x9Z/out and /var/tmp/q1"), said("wrote /tmp/tmp.0000aa/out and /var/tmp/q2")),
        (
            said("# Environment\n - Primary working directory: /a/b\n - OS Version: Linux 6.1\n"),
            said("# Environment\n - Primary working directory: /c\n - OS Version: Linux 6.2\n"),
        ),
        (result("Ran 3 tests in 0.001s"), result("Ran 3 tests in 12.5s")),
        (result("3 passed in 2 seconds, 40 ms of it"), result("3 passed in 1 seconds, 7 ms of it")),
        (result("[18:05:02.123] up"), result("[01:00:00] up")),
        (result("real\t0m0.005s"), result("real\t1m12.345s")),
        (result("Tue Nov 24 18:43:03 UTC 2026"), result("Fri Jan  1 00:00:01 CET 2027")),
        (result("-rw-r--r-- 1 a a 12 Nov 24 18:43 x"), result("-rw-r--r-- 1 a a 12 Dec  1  2025 x")),
        (result("<object at 0x7f34d8c01b50>"), result("<object at 0x7f0011223344>")),
        (result("agentId: a57e9872277cb1bfb\nduration_ms: 241"), result("agentId: adfa82339e6a094ff\nduration_ms: 7")),
        (said("lone \ud800 surrogate \ud83d\ude00"), said("lone \ufffd surrogate \U0001f600")),
        (said("pid 4711"), said("pid 12")),
        (parallel("b", "a", given=("a", "b")), parallel("b", "a", given=("b", "a"))),
    ],
    ids=lambda value: None,
)
def test_what_differs_between_any_two_runs_is_no_difference(recorded: dict, asked: dict) -> None:
    compare = Comparison([re.compile(r"pid \d+")])
    assert first_difference(recorded, asked) is not None
    assert first_difference(compare.lasting(recorded), compare.lasting(asked)) is None


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (said("it takes 3 s"), said("it takes 4 s")),  # timings are volatile in tool results only
        (result("Ran 3 tests in 0.1s"), result("Ran 4 tests in 0.1s")),
        (said("/tmp/x/out"), said("/tmp/x/err")),
        (said("/data/tmp/x"), said("/data/tmp/y")),
        (said("version 1.2.3"), said("version 1.2.4")),
        (said("Nov 24"), said("Nov 25")),
        (result("12 files"), result("13 files")),
        (result("size 0x10"), result("size 0x20")),
        (parallel("a", "b", given=("a", "b")), parallel("b", "a", given=("b", "a"))),
        ({"max_tokens": 1}, {"max_tokens": True}),
        ({"max_tokens": 1}, {"max_tokens": 1.0}),
    ],
    ids=lambda value: None,
)
def test_what_was_said_is_a_difference(recorded: dict, asked: dict) -> None:
    compare = Comparison()
    assert first_difference(compare.lasting(recorded), compare.lasting(asked)) is not None


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, Difference("$.a[1].b", "2", "3")),
        ({"a": 1}, {"a": 1, "strange name": None}, Difference('$["strange name"]', "nothing", "null")),
        ({"a": [1, 2]}, {"a": [1]}, Difference("$.a[1]", "2", "nothing")),
        ({"a": [1]}, {"a": [1, "x" * 200]}, Difference("$.a[1]", "nothing", f'"{"x" * 100}"...')),
        ({"a": {"b": 1}}, {"a": [1]}, Difference("$.a", '{"b": 1}', "[1]")),
        (
            "same" * 50 + "one",
            "same" * 50 + "two",
            Difference("$", f'..."{("same" * 8)[2:]}one"', f'..."{("same" * 8)[2:]}two"'),
        ),
        ("abc", "abcd", Difference("$", '"abc"', '"abcd"')),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, Difference("$.b", "1", "2")),
    ],
    ids=["deep", "one more", "one less", "long", "kinds", "excerpt", "prefix", "order of the recorded"],
)
def test_the_first_place_is_named(expected: object, actual: object, difference: Difference) -> None:
    assert first_difference(expected, actual) == difference
