"""What the Claude Code CLI prints in `--output-format stream-json`, one JSON object a line, as typed values.

Only the fields that are used are read; unknown kinds of events become `Other`, so a newer CLI does not break a session.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from claudebox_rl.errors import AgentError

Json = dict[str, Any]


class MalformedOutputError(AgentError):
    """The CLI printed what is not its protocol."""


@dataclass(frozen=True, slots=True)
class Init:
    """`system/init`: the CLI begins to work on a prompt."""

    session_id: str
    version: str
    model: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call inside an `assistant` event."""

    tool_use_id: str
    name: str
    input: Json


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """`assistant`: a piece of the model's message (the CLI sends one content block an event)."""

    text: str
    tool_uses: tuple[ToolUse, ...]
    parent_tool_use_id: str | None
    message_id: str = ""
    """Of the model's message: one turn."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """One answered tool call inside a `user` event."""

    tool_use_id: str
    output: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class ToolResults:
    """`user`: results of tools, on their way to the model."""

    results: tuple[ToolResult, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """`result`: a prompt is finished. Never judge by `subtype`: an API failure says `success` there."""

    subtype: str
    is_error: bool
    terminal_reason: str
    text: str
    api_error_status: int | None
    errors: tuple[str, ...]
    num_turns: int
    total_cost_usd: float
    """Cumulative over the process."""
    duration_ms: float


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """`control_response`: the answer to a control request of ours."""

    request_id: str
    ok: bool
    body: Json


@dataclass(frozen=True, slots=True)
class HookCall:
    """`control_request/hook_callback`: the CLI asks before it runs a tool, and waits."""

    request_id: str
    input: Json


@dataclass(frozen=True, slots=True)
class CancelledRequest:
    """`control_cancel_request`: the CLI waits no longer for an answer."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Other:
    """An event of no consequence here."""

    kind: str


Event = Init | AssistantMessage | ToolResults | Result | ControlAnswer | HookCall | CancelledRequest | Other


def parse_event(line: bytes) -> Event:
    """Read one line of the CLI's output.

    Raises:
        MalformedOutputError: The line is not a JSON object of the protocol.
    """
    try:
        event: Json = json.loads(line)
        return _PARSERS.get(event["type"], _other)(event)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        shown = line[:200].decode("utf-8", "replace")
        raise MalformedOutputError(f"the agent printed what is not its protocol ({error!r}): {shown}") from error


def _system(event: Json) -> Event:
    if event.get("subtype") != "init":
        return _other(event)
    return Init(event["session_id"], event["claude_code_version"], event["model"])


def _assistant(event: Json) -> Event:
    blocks: list[Json] = event["message"]["content"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    uses = tuple(ToolUse(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use")
    return AssistantMessage(text, uses, event.get("parent_tool_use_id"), str(event["message"].get("id", "")))


def _user(event: Json) -> Event:
    content = event["message"]["content"]
    blocks = cast(list[Json], content) if isinstance(content, list) else []
    results = (
        ToolResult(b["tool_use_id"], _text_of(b.get("content")), bool(b.get("is_error")))
        for b in blocks
        if b["type"] == "tool_result"
    )
    return ToolResults(tuple(results))


def _text_of(content: Any) -> str:
    if not isinstance(content, list):
        return "" if content is None else str(content)
    parts = (b["text"] if b["type"] == "text" else f"[{b['type']}]" for b in cast(list[Json], content))
    return "\n".join(parts)


def _result(event: Json) -> Event:
    return Result(
        subtype=event["subtype"],
        is_error=event["is_error"],
        terminal_reason=event.get("terminal_reason") or "",
        text=event.get("result") or "",
        api_error_status=event.get("api_error_status"),
        errors=tuple(map(str, event.get("errors") or ())),
        num_turns=event["num_turns"],
        total_cost_usd=event["total_cost_usd"],
        duration_ms=event["duration_ms"],
    )


def _control_response(event: Json) -> Event:
    answer = event["response"]
    return ControlAnswer(answer["request_id"], answer["subtype"] == "success", answer.get("response") or {})


def _control_request(event: Json) -> Event:
    request = event["request"]
    if request["subtype"] != "hook_callback":
        return Other(f"control_request/{request['subtype']}")
    return HookCall(event["request_id"], dict(request["input"]))


def _control_cancel_request(event: Json) -> Event:
    return CancelledRequest(event["request_id"])


def _other(event: Json) -> Event:
    return Other(f"{event['type']}/{event.get('subtype', '')}")


_PARSERS = {
    "system": _system,
    "assistant": _assistant,
    "user": _user,
    "result": _result,
    "control_response": _control_response,
    "control_request": _control_request,
    "control_cancel_request": _control_cancel_request,
}
