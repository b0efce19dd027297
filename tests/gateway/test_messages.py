from __future__ import annotations

import json
import random

from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.messages import (
    assistant_message,
    encode_event,
    message_events,
    message_reply,
    text_block,
    tool_use_block,
)
from claudebox_rl.gateway.sse import EventReader
from claudebox_rl.types import Usage

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CONTENT = [
    {"type": "thinking", "thinking": "hm \u2028 é", "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "xyz"},
    text_block("line\nline \U0001f600"),
    tool_use_block("toolu_1", "Write", {"content": 'a "quoted" \\ text', "n": [1, {"x": None}]}),
    tool_use_block("toolu_2", "Bash", {}),
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "é"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"title": "x"}]},
    {"type": "text", "text": "found", "citations": [{"type": "char_location", "cited_text": "a"}, {"cited_text": "b"}]},
]


def fold(stream: bytes, cuts: list[int] = []) -> MessageFold:  # noqa: B006 (read only)
    reader, message = EventReader(), MessageFold()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for event in reader.feed(stream[start:end]):
            message.add(event)
    return message


def stream_of(message: dict) -> bytes:
    return b"".join(encode_event(event) for event in message_events(message))


def test_an_assistant_message_has_the_api_s_fields():
    message = assistant_message(REQUEST, [text_block("x")], Usage(100, 20, 30))
    assert message["usage"] == {
        "input_tokens": 70,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 30,
        "output_tokens": 20,
    }
    assert (message["stop_reason"], message["role"], message["model"]) == ("end_turn", "assistant", "m")
    assert assistant_message(REQUEST, CONTENT)["stop_reason"] == "tool_use"


def test_the_same_request_gets_the_same_id_and_another_one_another():
    other = {**REQUEST, "messages": [*REQUEST["messages"], {"role": "user", "content": "again"}]}
    first, again, third = (assistant_message(each, [text_block("x")])["id"] for each in (REQUEST, REQUEST, other))
    assert first == again != third


def test_events_come_in_the_api_s_order():
    kinds = [event["type"] for event in message_events(assistant_message(REQUEST, [text_block("a")]))]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert kinds == ["message_start", *block, "message_delta", "message_stop"]
    start = next(message_events(assistant_message(REQUEST, CONTENT)))
    assert start["message"]["content"] == []
    assert start["message"]["stop_reason"] is None


def test_a_stream_folds_back_into_the_message_wherever_its_bytes_are_cut():
    message = assistant_message(REQUEST, CONTENT, Usage(5, 7))
    stream = stream_of(message)
    draw = random.Random(0)
    for _ in range(50):
        cuts = sorted(draw.sample(range(1, len(stream)), 12))
        folded = fold(stream, cuts)
        assert folded.complete
        assert folded.result() == message


def test_line_ends_comments_pings_and_noise_change_nothing():
    message = assistant_message(REQUEST, [text_block("a")])
    noisy = stream_of(message).replace(
        b"\n\n", b'\n\n: hello\n\ndata: nope\n\ndata: [1]\n\nevent: ping\ndata: {"type":"ping"}\n\n'
    )
    assert fold(noisy).result() == message
    crlf = noisy.replace(b"\n", b"\r\n")
    assert fold(crlf, list(range(1, len(crlf)))).result() == message


def test_events_of_the_wrong_shape_change_nothing():
    message = assistant_message(REQUEST, CONTENT)
    folded = MessageFold()
    for event in message_events(message):
        for bad in ({}, {"type": 3}, {"type": event["type"]}, {"type": event["type"], "index": "x", "delta": []}):
            if bad.get("type") != "message_stop" and bad.get("type") != "error":
                folded.add(bad)
        folded.add(event)
    assert folded.result() == message


def test_a_cut_stream_keeps_what_came():
    message = assistant_message(REQUEST, [text_block("abc"), tool_use_block("t", "Bash", {"command": "ls"})])
    events = list(message_events(message))
    folded = MessageFold()
    for event in events[:-4]:
        folded.add(event)
    folded.add(
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"co'}}
    )
    assert not folded.complete
    result = folded.result()
    assert result["content"][0] == text_block("abc")
    assert (result["content"][1]["input"], result["content"][1]["partial_json"]) == ({}, '{"co')
    assert result["stop_reason"] is None
    assert MessageFold().result() is None


def test_what_came_of_a_cut_call_is_streamed_as_it_came():
    message = assistant_message(REQUEST, [{**tool_use_block("t", "Bash", {}), "partial_json": '{"co'}])
    (delta,) = [event["delta"] for event in message_events(message) if event["type"] == "content_block_delta"]
    assert delta == {"type": "input_json_delta", "partial_json": '{"co'}
    assert fold(stream_of(message)).result()["content"] == message["content"]


def test_an_error_event_is_the_answer():
    folded = MessageFold()
    folded.add(next(message_events(assistant_message(REQUEST, []))))
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    folded.add(error)
    assert folded.complete
    assert folded.result() == error


def test_usage_of_start_and_delta_are_joined_and_null_counts_left_out():
    folded = MessageFold()
    folded.add({"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}})
    usage = {"input_tokens": None, "output_tokens": 40, "cache_read_input_tokens": 3}
    folded.add({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
    assert folded.result()["usage"] == {"input_tokens": 9, "output_tokens": 40, "cache_read_input_tokens": 3}


async def test_a_reply_is_streamed_only_where_asked():
    message = assistant_message(REQUEST, CONTENT)
    whole = message_reply({**REQUEST, "stream": False}, message)
    streamed = message_reply({**REQUEST, "stream": True}, message)
    assert json.loads(b"".join([part async for part in whole.body])) == message
    assert fold(b"".join([part async for part in streamed.body])).result() == message
    assert streamed.content_type.startswith("text/event-stream")
