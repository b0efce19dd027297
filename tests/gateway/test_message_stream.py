from __future__ import annotations

from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.message_stream import MessageStream
from claudebox_rl.gateway.messages import message_events
from claudebox_rl.types import Usage


def folded(events):
    fold = MessageFold()
    for event in events:
        fold.add(event)
    assert fold.complete
    return fold.result()


def test_pieces_become_the_blocks_of_one_message():
    stream = MessageStream("msg_1", "m", Usage(10, 0, 4))
    events = stream.start()
    for piece in ("I ", "think."):
        events += stream.thinking(piece)
    for piece in ("\n\n", "So", " it is.\n"):
        events += stream.text(piece)
    events += stream.tool_use("toolu_1", "Bash") + stream.tool_input('{"comm') + stream.tool_input('and": "ls"}')
    events += stream.tool_use("toolu_2", "Read") + stream.tool_input("{}")
    events += stream.stop("tool_use", 12)
    message = folded(events)
    thought, *others = message["content"]
    assert (thought["type"], thought["thinking"]) == ("thinking", "I think.")
    assert thought["signature"]
    assert others == [
        {"type": "text", "text": "\n\nSo it is.\n"},
        {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}},
        {"type": "tool_use", "id": "toolu_2", "name": "Read", "input": {}},
    ]
    assert (message["stop_reason"], message["stop_sequence"]) == ("tool_use", None)
    assert message["usage"] == {
        "input_tokens": 6,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4,
        "output_tokens": 12,
    }


def test_white_space_alone_makes_no_block():
    stream = MessageStream("msg_1", "m")
    events = stream.start() + stream.text("\n") + stream.text(" ")
    events += stream.tool_use("t", "Bash") + stream.tool_input("{}") + stream.text("\n") + stream.stop("tool_use", 1)
    assert [block["type"] for block in folded(events)["content"]] == ["tool_use"]


def test_a_message_without_a_block_is_whole():
    stream = MessageStream("msg_1", "m")
    assert folded(stream.start() + stream.stop("end_turn", 0))["content"] == []


def test_the_events_are_those_of_a_message_that_is_sent_at_once():
    stream = MessageStream("msg_1", "m")
    events = stream.start() + stream.thinking("hm") + stream.text("x") + stream.stop("stop_sequence", 2, "END")
    message = folded(events)
    shape = [(event["type"], event.get("index")) for event in events]
    assert shape == [(event["type"], event.get("index")) for event in message_events(message)]
