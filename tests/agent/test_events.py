"""Lines as the CLI 2.1.330 printed them, shortened in the parts that are not read."""

from __future__ import annotations

import pytest

from claudebox_rl.agent.events import (
    AssistantMessage,
    ControlAnswer,
    Init,
    MalformedOutputError,
    Other,
    Result,
    ToolResult,
    ToolResults,
    ToolUse,
    parse_event,
)

INIT = b'{"type":"system","subtype":"init","cwd":"/workspace","session_id":"448b","tools":["Bash"],"model":"m","claude_code_version":"2.1.330"}'
TEXT = b'{"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"text","text":"Making it."}]},"parent_tool_use_id":null}'
TOOL = b'{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}}]},"parent_tool_use_id":"p1"}'
THINKING = b'{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"hm","signature":"s"}]}}'
ANSWER = b'{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t1","type":"tool_result","content":"hi","is_error":false}]}}'
BLOCKS = b'{"type":"user","message":{"content":[{"tool_use_id":"t1","type":"tool_result","is_error":true,"content":[{"type":"text","text":"a"},{"type":"image","source":{}}]}]}}'
DONE = b'{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"ok","num_turns":4,"total_cost_usd":0.25,"duration_ms":90}'
API_ERROR = b'{"type":"result","subtype":"success","is_error":true,"terminal_reason":"api_error","api_error_status":529,"result":"API Error","num_turns":1,"total_cost_usd":0,"duration_ms":1}'
MAX_TURNS = b'{"type":"result","subtype":"error_max_turns","is_error":true,"terminal_reason":"max_turns","errors":["Reached maximum number of turns (2)"],"num_turns":3,"total_cost_usd":0,"duration_ms":2}'
CONTROL = b'{"type":"control_response","response":{"subtype":"success","request_id":"r1","response":{"pid":5}}}'


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (INIT, Init("448b", "2.1.330", "m")),
        (TEXT, AssistantMessage("Making it.", (), None, "m1")),
        (TOOL, AssistantMessage("", (ToolUse("t1", "Bash", {"command": "ls"}),), "p1")),
        (THINKING, AssistantMessage("", (), None)),
        (ANSWER, ToolResults((ToolResult("t1", "hi", False),))),
        (BLOCKS, ToolResults((ToolResult("t1", "a\n[image]", True),))),
        (DONE, Result("success", False, "completed", "ok", None, (), 4, 0.25, 90)),
        (API_ERROR, Result("success", True, "api_error", "API Error", 529, (), 1, 0, 1)),
        (
            MAX_TURNS,
            Result("error_max_turns", True, "max_turns", "", None, ("Reached maximum number of turns (2)",), 3, 0, 2),
        ),
        (CONTROL, ControlAnswer("r1", True, {"pid": 5})),
        (b'{"type":"system","subtype":"api_retry"}', Other("system/api_retry")),
        (b'{"type":"something_new"}', Other("something_new/")),
        (b'{"type":"user","message":{"role":"user","content":"plain"}}', ToolResults(())),
    ],
)
def test_known_lines(line: bytes, event: object) -> None:
    assert parse_event(line) == event


@pytest.mark.parametrize(
    "line",
    [
        b"Segmentation fault",
        b"[]",
        b"3",
        b"{}",
        b'{"type":"assistant"}',
        b'{"type":"result","subtype":"success"}',
        b"\xff{",
    ],
)
def test_what_is_not_the_protocol_is_said(line: bytes) -> None:
    with pytest.raises(MalformedOutputError, match="not its protocol"):
        parse_event(line)
