from __future__ import annotations

from dataclasses import replace

import pytest

from claudebox_rl.call_types import ModelCall, Usage, distinct, total_cost_usd, total_usage

MESSAGE = {"type": "message", "stop_reason": "end_turn"}


def call(name, tokens, *, answered=True, copy_of=None):
    response = MESSAGE if answered else {**MESSAGE, "stop_reason": None}
    return ModelCall(name, "e", {}, response, 200, copy_of=copy_of, usage=Usage(tokens))


@pytest.mark.parametrize(
    ("response", "status", "is_answered"),
    [
        (MESSAGE, 200, True),
        ({**MESSAGE, "stop_reason": None}, 200, False),
        ({"type": "error", "error": {}}, 200, False),
        ({"type": "error", "error": {}}, 529, False),
        (MESSAGE, 0, False),
        (None, 200, False),
    ],
)
def test_only_a_whole_message_is_an_answer(response, status, is_answered):
    assert ModelCall("c", "e", {}, response, status).is_answered is is_answered


def test_of_a_request_and_its_copies_one_counts():
    calls = [
        call("cut", 1, answered=False),
        call("again", 2, copy_of="cut"),
        call("late", 4, answered=False, copy_of="cut"),
        call("failed", 8, answered=False),
        call("failed too", 16, answered=False, copy_of="failed"),
        call("other", 32),
        call("its fallback", 64, copy_of="other"),
    ]
    assert [each.call_id for each in distinct(calls)] == ["again", "failed", "its fallback"]
    assert total_usage(calls) == Usage(2 + 8 + 64)
    assert total_usage([]) == Usage()


def test_a_part_of_a_message_counts_before_an_error_that_was_asked_again():
    refused = replace(call("refused", 0), status=529, response={"type": "error", "error": {}})
    part = call("part", 7, answered=False, copy_of="refused")
    assert total_usage([refused, part]) == Usage(7)
    assert total_usage([refused, part, call("whole", 9, copy_of="refused")]) == Usage(9)


def test_dollars_are_unknown_where_those_of_one_answer_are():
    priced = [replace(call("a", 1), cost_usd=0.5), replace(call("b", 1, copy_of="a"), cost_usd=0.25)]
    failed = [call("dropped", 0, answered=False)]
    assert total_cost_usd([*priced, *failed]) == 0.25
    assert total_cost_usd([*priced, call("c", 1)]) is None
    assert total_cost_usd(failed) is None
    assert total_cost_usd([]) is None
