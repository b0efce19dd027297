"""What a local model is given and what it may be asked for; no model is loaded here."""

from __future__ import annotations

import sys

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import make_upstream
from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.transformers import upstream
from claudebox_rl.gateway.upstreams.transformers.chat import assistant_turn, read_chat
from claudebox_rl.gateway.upstreams.transformers.options import TransformersOptions, with_seed
from claudebox_rl.gateway.upstreams.transformers.text import Detokenizer, StopScanner

TOOL = {"name": "Bash", "description": "Run", "input_schema": {"type": "object"}}


def request(*messages, **changes):
    return {"messages": list(messages), **changes}


def test_a_conversation_becomes_turns():
    chat = read_chat(
        request(
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "system", "content": "midway"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "reasoning_content"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "x"}]},
                    {"type": "text", "text": "go on"},
                ],
            },
            system=[
                {"type": "text", "text": "one", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "two"},
            ],
            tools=[TOOL],
        )
    )
    call = {"type": "function", "id": "t1", "function": {"name": "Bash", "arguments": {"command": "ls"}}}
    assert chat.turns == [
        {"role": "system", "content": "one\n\ntwo"},
        {"role": "user", "content": "a\n\nb\n\n<system-reminder>\nmidway\n</system-reminder>"},
        {"role": "assistant", "content": "I look.", "reasoning_content": "hm", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "name": "Bash", "content": "x"},
        {"role": "user", "content": "go on"},
    ]
    function = {"name": "Bash", "parameters": {"type": "object"}, "description": "Run"}
    assert chat.tools == [{"type": "function", "function": function}]


def test_what_a_text_model_can_t_see_is_said_to_be_left_out():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image]}
    turns = read_chat(request({"role": "user", "content": [result, image]})).turns
    unseen = "[image left out: this model reads text only]"
    assert [turn["content"] for turn in turns] == [
        "(shown by the user)",
        f"What the tool call t shows:\n\n{unseen}\n\n{unseen}",
    ]


def test_the_system_may_speak_amid_a_conversation():
    chat = read_chat(request({"role": "user", "content": "a"}, {"role": "system", "content": "b"}), keep_system=True)
    assert [turn["role"] for turn in chat.turns] == ["user", "system"]


def test_an_answer_without_thought_or_call_is_bare():
    assert assistant_turn("hi") == {"role": "assistant", "content": "hi"}
    assert assistant_turn([]) == {"role": "assistant", "content": ""}


@pytest.mark.parametrize(
    "choice", [{"type": "any"}, {"type": "tool", "name": "Bash"}, {"type": "auto", "disable_parallel_tool_use": True}]
)
def test_what_sampling_can_t_be_bound_to_is_refused(choice):
    with pytest.raises(UntranslatableError, match="tool_choice"):
        read_chat(request(tools=[TOOL], tool_choice=choice))


def test_no_tools_where_none_may_be_called():
    assert read_chat(request(tools=[TOOL], tool_choice={"type": "none"})).tools is None


class Bytes:
    """A tokenizer whose tokens are bytes."""

    def decode(self, ids, **options):
        return bytes(ids).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "data", ["naïve 東京 🙂🙂 end".encode(), b"\xff\xfeabc\xf0\x9f", b"", b"\xf0\x9f\x99", bytes(range(256))]
)
def test_text_comes_in_whole_characters(data):
    detokenizer = Detokenizer(Bytes())
    pieces = [detokenizer.step(byte) for byte in data]
    whole = data.decode("utf-8", "replace")
    assert "".join(pieces) + detokenizer.rest() == whole
    if "\ufffd" not in whole:
        assert "".join(pieces) == whole


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_stop_sequence_ends_the_text_however_it_is_cut(size):
    scanner, told = StopScanner(["END", "ENOUGH", ""]), ""
    text = "EN EEND and more"
    for at in range(0, len(text), size):
        told += scanner.feed(text[at : at + size])
        if scanner.met:
            break
    assert (told, scanner.met) == ("EN E", "END")


def test_what_only_looked_like_a_stop_sequence_is_told_at_the_end():
    scanner = StopScanner(["END"])
    assert (scanner.feed("the EN"), scanner.rest(), scanner.met) == ("the ", "EN", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "option model is missing"),
        ({"model": "/no/such/folder"}, "there is no folder /no/such/folder"),
        ({"model": "m", "top_p": 1.5}, "top_p"),
        ({"model": "m", "top_k": 0}, "top_k"),
        ({"model": "m", "max_new_tokens": 0}, "max_new_tokens"),
        ({"model": "m", "temperature": -1}, "temperature"),
        ({"model": "m", "seed": "one"}, "seed"),
        ({"model": "m", "parser": "no-such"}, "unknown parser 'no-such'; known: auto, hermes, plain"),
        ({"model": "m", "chat_template_kwargs": "x"}, "chat_template_kwargs"),
    ],
)
def test_options_that_no_model_can_use_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        make_upstream("transformers", options)


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(upstream, "find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"torch and transformers not installed; pip install 'claudebox_rl\[transformers\]'"
    ):
        make_upstream("transformers", {"model": "Qwen/Qwen3-0.6B"})


def test_making_it_loads_no_library(monkeypatch):
    monkeypatch.setattr(upstream, "find_spec", lambda name: name)
    for name in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it would fail
    made = make_upstream("transformers", {"model": "Qwen/Qwen3-0.6B", "temperature": 0})
    assert made.model == "Qwen3-0.6B"


def test_answers_follow_from_the_seed_of_the_option_and_of_the_episode():
    def seed(option, episode):
        return with_seed(TransformersOptions("m", seed=option), episode).seed

    assert (seed(None, None), seed(3, None), seed(None, 4)) == (None, 3, 4)
    mixed = {seed(3, 4), seed(3, 5), seed(4, 4), seed(4, 3), seed(3, None)}
    assert len(mixed) == 5
    assert seed(3, 4) in mixed
