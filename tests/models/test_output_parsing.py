"""What is read from an answer's text, with a real tokenizer's parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import load_tokenizer

from claudebox_rl.gateway.upstreams.transformers.parsing import Call, Text, Thought, find_parser

pytestmark = pytest.mark.slow

OPENING = "<|im_start|>assistant\n"
LS = '{"name": "Bash", "arguments": {"command": "ls"}}'
BASH = Call("Bash", {"command": "ls"})
QWEN_35 = {
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "tool_calls": {
            "open_pattern": r"\s*<tool_call>\s*<function=(?P<name>[^>\n]+)>",
            "close_pattern": r"</function>\s*</tool_call>",
            "repeats": True,
            "content": "xml-inline",
            "content_args": {"tag_pattern": r"<parameter=(?P<key>[^>\n]+)>\s*(?P<value>.*?)\s*</parameter>"},
            "transform": {"type": "function", "function": {"name": "{name}", "arguments": "{content}"}},
        },
        "content": {"content": "text"},
    },
}
"""The calls of Qwen 3.5, as the library reads them."""


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> Any:
    return load_tokenizer(tiny)


def read(tokenizer, text, parser="auto", opening=OPENING, tools=None):
    """Parse a text piece by piece, and join what belongs together."""
    reading = find_parser(parser)(tokenizer, opening, tools)
    pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
    return joined([part for piece in pieces for part in reading.feed(piece)] + reading.end())


def joined(parts):
    whole = []
    for part in parts:
        if whole and type(part) is type(whole[-1]) and not isinstance(part, Call):
            whole[-1] = type(part)(whole[-1].piece + part.piece)
        else:
            whole.append(part)
    return whole


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("Just that. <tool", [Text("Just that. <tool")]),
        (f"I look.\n<tool_call>\n{LS}\n</tool_call>", [Text("I look."), BASH]),
        (f"<tool_call>{LS}</tool_call>\n<tool_call>{LS}</tool_call>", [BASH, BASH]),
        (
            f"<think>\nhm\n</think>\n\nSo.\n<tool_call>{LS}</tool_call> And?",
            [Thought("hm"), Text("So."), BASH, Text(" And?")],
        ),
        ("<think>never closed", [Thought("never closed")]),
        (f"<tool_call>{LS}", [BASH]),
        ('<tool_call>{"name": "Bash", "arguments": "{\\"command\\": \\"ls\\"}"}</tool_call>', [BASH]),
        ('<tool_call>{"name": "Bash"}</tool_call>', [Call("Bash", {})]),
        ("a <tool_call>{oops</tool_call> b", [Text("a <tool_call>{oops</tool_call> b")]),
        (f"<tool_call>[1]</tool_call>\n<tool_call>{LS}</tool_call>", [Text("<tool_call>[1]</tool_call>"), BASH]),
        ("<<tool_call>{oops</tool_call>", [Text("<<tool_call>{oops</tool_call>")]),
    ],
)
def test_thoughts_and_calls_are_found_and_the_rest_is_text(tokenizer, text, parts):
    assert read(tokenizer, text) == parts
    assert read(tokenizer, text, "hermes") == parts


def test_a_thought_that_the_template_opened_is_one(tokenizer):
    opening = f"{OPENING}<think>\n"
    assert read(tokenizer, "hm\n</think>\n\nSo.", opening=opening) == [Thought("hm"), Text("So.")]
    closed = f"{OPENING}<think>\n\n</think>\n\n"
    assert read(tokenizer, "So.", opening=closed) == [Text("So.")]


def test_a_template_of_one_s_own_is_followed_with_the_types_of_the_tools(tokenizer):
    text = "<tool_call>\n<function=wait>\n<parameter=seconds>\n3\n</parameter>\n</function>\n</tool_call>"
    parameters = {"type": "object", "properties": {"seconds": {"type": "integer"}}}
    tools = [{"type": "function", "function": {"name": "wait", "parameters": parameters}}]
    assert read(tokenizer, text, QWEN_35, tools=tools) == [Call("wait", {"seconds": 3})]


def test_the_tokenizer_s_own_template_comes_first(tiny):
    tokenizer = load_tokenizer(tiny)
    tokenizer.response_template = QWEN_35
    text = f"<tool_call>{LS}</tool_call>"
    assert read(tokenizer, text) == [Text(text)]
    assert read(tokenizer, text, "hermes") == [BASH]


def test_plain_is_all_text(tokenizer):
    assert read(tokenizer, f"<think>x</think><tool_call>{LS}</tool_call>", "plain") == [
        Text(f"<think>x</think><tool_call>{LS}</tool_call>")
    ]


def test_a_parser_of_one_s_own_is_found_by_its_name(tokenizer):
    assert read(tokenizer, "abc", f"{__name__}:Shouting") == [Text("ABC")]


class Shouting:
    def __init__(self, tokenizer, opening, tools):
        assert opening == OPENING

    def feed(self, text):
        return [Text(text.upper())]

    def end(self):
        return []


PIECES = ["<tool_call>", "</tool_call>", "<", ">", "\n", " ", "{", "tool", "call", "x", "é", "</"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_no_call_is_text_to_the_letter(tokenizer, text):
    parts = read(tokenizer, text)
    assert all(isinstance(part, Text) for part in parts)
    assert "".join(part.piece for part in parts) == text
