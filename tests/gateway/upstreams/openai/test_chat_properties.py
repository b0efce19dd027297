"""Any conversation is a valid chat that says the same; any chat answer is a message that says it, and goes back."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from chat_side import check_request, chunk
from gateway_parts import request
from hypothesis import given, settings
from hypothesis import strategies as st

from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.upstream import Sampled
from claudebox_rl.gateway.upstreams.openai.answer import Answer, whole_message
from claudebox_rl.gateway.upstreams.openai.options import OpenAIOptions
from claudebox_rl.gateway.upstreams.openai.request import chat_request
from claudebox_rl.gateway.upstreams.openai.samples import Samples

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
WORDS = TEXT.filter(str.strip)
NAME = st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
INPUT = st.dictionaries(NAME, JSON, max_size=3)
IMAGE = st.sampled_from(["AAAA", "BBBB"]).map(
    lambda data: {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
)
SAID = st.builds(lambda text: {"type": "text", "text": text}, TEXT)
THOUGHT = st.builds(
    lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
    WORDS,
    st.sampled_from(["reasoning", "reasoning_content", "foreign"]),
)


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw messages as the API takes them: each call has its result in the next user message."""
    messages, num_calls = [], 0
    for _ in range(draw(st.integers(0, 3))):
        messages += draw(st.lists(users(), min_size=1, max_size=2))
        calls = []
        for name, tool_input in draw(st.lists(st.tuples(NAME, INPUT), max_size=3)):
            calls.append({"type": "tool_use", "id": f"toolu_{num_calls}", "name": name, "input": tool_input})
            num_calls += 1
        said = draw(st.lists(SAID | THOUGHT, max_size=3))
        messages.append({"role": "assistant", "content": [*said, *calls]})
        if calls:
            messages.append({"role": "user", "content": [draw(results(call["id"])) for call in calls]})
    return [*messages, draw(users())]


def users() -> st.SearchStrategy[dict[str, Any]]:
    content = st.lists(SAID | IMAGE, min_size=1, max_size=3) | TEXT
    return st.builds(lambda role, said: {"role": role, "content": said}, st.just("user"), content) | st.builds(
        lambda text: {"role": "system", "content": text}, WORDS
    )


def results(call_id: str) -> st.SearchStrategy[dict[str, Any]]:
    content = st.none() | TEXT | st.lists(SAID | IMAGE, max_size=3)
    return st.builds(
        lambda told, is_error: {
            "type": "tool_result",
            "tool_use_id": call_id,
            "content": told,
            "is_error": is_error,
        },
        content,
        st.booleans(),
    )


def blocks_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def model_s_own(messages: list[dict[str, Any]]) -> list[Any]:
    """What the model said and called, turn by turn, as the conversation has it."""
    turns = [list(run) for is_model, run in groupby(messages, lambda each: each["role"] == "assistant") if is_model]
    return [
        (
            "".join(block["text"] for block in blocks if block["type"] == "text"),
            {
                name: "".join(block["thinking"] for block in blocks if block.get("signature") == name)
                for name in ("reasoning", "reasoning_content")
            },
            [(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
        )
        for blocks in ([block for message in turn for block in blocks_of(message)] for turn in turns)
    ]


def told_to_the_model(messages: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str], list[str]]:
    """Results by call, texts of users and the system, and images, as the conversation has them."""
    results, texts, images = {}, [], []
    for message in messages:
        if message["role"] == "assistant":
            continue
        for block in blocks_of(message):
            if block["type"] == "tool_result":
                inner = blocks_of(block)
                text = "\n\n".join(each["text"] for each in inner if each["type"] == "text")
                results[block["tool_use_id"]] = (text, block["is_error"])
                images += [each["source"]["data"] for each in inner if each["type"] == "image"]
            elif block["type"] == "image":
                images.append(block["source"]["data"])
            else:
                texts.append(block["text"])
    return results, texts, images


@given(conversations(), TEXT, st.sampled_from(["user", "system"]))
@settings(deadline=None)
def test_a_conversation_is_a_valid_chat_that_says_the_same(messages, system, system_entries):
    body = chat_request(request(*messages, system=system), OpenAIOptions("m", system_entries=system_entries))
    check_request(body)
    chat = body["messages"]
    if system:
        assert chat[0] == {"role": "system", "content": system}
    assert [_said(each) for each in chat if each["role"] == "assistant"] == model_s_own(messages)
    results, texts, images = told_to_the_model(messages)
    assert {each["tool_call_id"]: each["content"] for each in chat if each["role"] == "tool"}.keys() == results.keys()
    for each in chat:
        if each["role"] == "tool":
            text, is_error = results[each["tool_call_id"]]
            assert text in each["content"]
            assert each["content"].startswith("<tool_use_error>") or not is_error
    heard = [each["content"] for each in chat if each["role"] in ("user", "system")][bool(system) :]
    assert _in_order(texts, json.dumps(heard))
    shown = [
        part["image_url"]["url"][-4:]
        for each in heard
        if isinstance(each, list)
        for part in each
        if "image_url" in part
    ]
    assert sorted(shown) == sorted(images)


def _said(message: dict[str, Any]) -> Any:
    calls = message.get("tool_calls", [])
    return (
        message["content"],
        {name: message.get(name, "") for name in ("reasoning", "reasoning_content")},
        [(each["id"], each["function"]["name"], json.loads(each["function"]["arguments"])) for each in calls],
    )


def _in_order(texts: list[str], whole: str) -> bool:
    place = 0
    for text in texts:
        place = whole.find(json.dumps(text)[1:-1], place)
        if place < 0:
            return False
    return True


@given(conversations(), conversations())
@settings(deadline=None, max_examples=50)
def test_a_conversation_that_goes_on_keeps_its_beginning(before, after):
    answer = {"role": "assistant", "content": [{"type": "text", "text": "so"}]}
    options = OpenAIOptions("m")
    renamed = json.loads(json.dumps(after).replace('"toolu_', '"toolu_x'))
    short = chat_request(request(*before), options)["messages"]
    long = chat_request(request(*before, answer, *renamed), options)["messages"]
    assert long[: len(short)] == short


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an assistant message of a chat."""
    calls = [
        {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": json.dumps(tool_input)}}
        for index, (name, tool_input) in enumerate(draw(st.lists(st.tuples(NAME, INPUT), max_size=3)))
    ]
    message: dict[str, Any] = {"role": "assistant", "content": draw(WORDS | st.just(""))}
    if thought := draw(TEXT):
        message[draw(st.sampled_from(["reasoning", "reasoning_content"]))] = thought
    return {**message, **({"tool_calls": calls} if calls else {})}


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw an answer and one of the ways in which servers cut it into chunks."""
    message = draw(answers())
    chunks = [chunk({"role": "assistant"})]
    for name in ("reasoning", "reasoning_content", "content"):
        chunks += [chunk({name: each}) for each in draw(pieces(message.get(name, "")))]
    whole, indexed = draw(st.booleans()), draw(st.booleans())
    for index, call in enumerate(message.get("tool_calls", [])):
        cuts = [call["function"]["arguments"]] if whole else draw(pieces(call["function"]["arguments"]))
        opening = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
        number = {"index": index} if indexed else {}
        deltas = [{**opening, **number}, *({**number, "function": {"arguments": each}} for each in cuts)]
        chunks += [{"choices": [{"index": 0, "delta": {"tool_calls": [each]}}]} for each in deltas]
    finish = "tool_calls" if "tool_calls" in message else "stop"
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    last = [chunk({}, finish), chunk(None, usage=usage)]
    return message, [*chunks, *(last if draw(st.booleans()) else [chunk({}, finish, usage=usage)])]


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(streams())
@settings(deadline=None)
def test_an_answer_however_it_is_cut_says_the_same_and_goes_back_as_it_came(drawn):
    message, chunks = drawn
    asked = request()
    answer, fold = Answer(asked, Samples(Sampled(), required=False)), MessageFold()
    for event in [*(event for each in chunks for event in answer.feed(each)), *answer.end()]:
        fold.add(event)
    told = fold.result()
    assert told is not None
    calls = message.get("tool_calls", [])
    assert told["stop_reason"] == ("tool_use" if calls else "end_turn")
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == (9, 5)
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": chunks[-1]["usage"]}
    assert whole_message(whole, Answer(asked, Samples(Sampled(), required=False))) == told

    results = [{"type": "tool_result", "tool_use_id": each["id"], "content": ""} for each in calls]
    next_turn = [*results, {"type": "text", "text": "go on"}]
    talk = [*asked["messages"], {"role": "assistant", "content": told["content"]}]
    chat = chat_request(request(*talk, {"role": "user", "content": next_turn}), OpenAIOptions("m"))["messages"]
    assert _said(chat[1]) == _said(message)
