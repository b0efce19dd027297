"""What an agent is told, with its next prompt, of calls that a crash kept out of its conversation."""

from __future__ import annotations

import json
from collections.abc import Sequence

from claudebox_rl.types import ToolCall

_MOST_CALLS = 20
_MOST_CHARS = 2000


def mark_of(tool_use_id: str) -> str:
    """Return by what a call is found in a conversation once it was told."""
    return f"Result of {tool_use_id}:"


def recap(calls: Sequence[ToolCall]) -> str:
    """Return a text that tells of calls, to stand before a prompt; empty where there are none."""
    if not calls:
        return ""
    told = "\n".join(
        f"{_call(call)}\n{mark_of(call.tool_use_id)} {_short(call.output)}" for call in calls[-_MOST_CALLS:]
    )
    return (
        "[The session was interrupted. Before that you made these tool calls, which took effect, though they may be "
        f"missing above:\n{told}\nEnd of what was missing.]\n\n"
    )


def _call(call: ToolCall) -> str:
    return f"- {call.name} {_short(json.dumps(call.input))}"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]} ... (cut)"
