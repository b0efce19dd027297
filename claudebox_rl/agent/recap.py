"""What an agent is told, with its next prompt, of prompts and calls that a crash kept out of its conversation."""

from __future__ import annotations

import json
from collections.abc import Sequence

from claudebox_rl.types import ToolCall

_MOST = 20
"""Of each kind; the last."""
_MOST_CHARS = 2000


def mark_of(tool_use_id: str) -> str:
    """Return by what a call is found in a conversation once it was told."""
    return f"Result of {tool_use_id}:"


def recap(prompts: Sequence[str], calls: Sequence[ToolCall]) -> str:
    """Return a text that tells of prompts and calls, to stand before a prompt; empty where there are none."""
    told: list[str] = []
    if prompts:
        told += ["Before that you were asked this, though it may be missing above:"]
        told += [f"- {_short(prompt)}" for prompt in prompts[-_MOST:]]
    if calls:
        told += ["Before that you made these tool calls, which took effect, though they may be missing above:"]
        told += [f"{_call(call)}\n{mark_of(call.tool_use_id)} {_short(call.output)}" for call in calls[-_MOST:]]
    if not told:
        return ""
    return "\n".join(["[The session was interrupted.", *told, "End of what was missing.]"]) + "\n\n"


def _call(call: ToolCall) -> str:
    return f"- {call.name} {_short(json.dumps(call.input))}"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]} ... (cut)"
