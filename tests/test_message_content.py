from __future__ import annotations

import pytest

from claudebox_rl.message_content import is_answer, plain_content

MARK = {"cache_control": {"type": "ephemeral"}}
TEXT = {"type": "text", "text": "x"}
TOOL = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}
THINKING = {"type": "thinking", "thinking": "hm", "signature": "s"}


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        ("x", [TEXT]),
        ([{**TEXT, **MARK}, {"type": "text", "text": ""}], [TEXT]),
        ("", []),
        (None, None),
        ([7, {"type": []}], [7, {"type": []}]),
    ],
)
def test_marks_empty_texts_and_bare_texts_make_no_difference(content, plain):
    assert plain_content({"role": "user", "content": content}) == plain


@pytest.mark.parametrize(
    ("message", "answer", "is_the_same"),
    [
        ([TEXT, {**TOOL, **MARK}], [{**TEXT, "citations": None}, {**TOOL, "caller": {"type": "direct"}}], True),
        ("x", [TEXT], True),
        ([THINKING, TEXT], [THINKING, TEXT], True),
        ([TEXT], [THINKING, TEXT], False),
        ([{**THINKING, "signature": "other"}], [THINKING], False),
        ([{**TOOL, "input": {"command": "rm"}}], [TOOL], False),
        ([{**TOOL, "id": "u"}], [TOOL], False),
        ([{"type": "text", "text": "x "}], [TEXT], False),
        ([{"type": "redacted_thinking", "data": "a"}], [{"type": "redacted_thinking", "data": "b"}], False),
    ],
)
def test_an_answer_is_known_by_what_the_model_said(message, answer, is_the_same):
    response = {"type": "message", "content": answer}
    assert is_answer({"role": "assistant", "content": message}, response) is is_the_same
    assert not is_answer({"role": "user", "content": message}, response)
