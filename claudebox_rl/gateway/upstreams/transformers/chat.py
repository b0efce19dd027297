"""From a Messages API request to the turns and tools that a chat template takes.

The translation is the one for chat completions servers, so a model is asked the same here and there; templates want the
arguments of calls as objects, and most of them texts alone (https://huggingface.co/docs/transformers/chat_templating).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.openai.conversation import assistant_message, chat_messages
from claudebox_rl.gateway.upstreams.openai.tools import tool_fields

THOUGHT = "reasoning_content"
"""The key under which templates look for what the model thought before."""
Turn = dict[str, Any]
"""A message as templates take it."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation and the tools that are offered in it."""

    turns: list[Turn]
    tools: list[dict[str, Any]] | None


def read_chat(request: dict[str, Any], *, keep_system: bool = False) -> Chat:
    """Translate a request.

    Images and files become a line of text that says so: the model is told, and so is the record.

    Args:
        request: Body of the Messages API request.
        keep_system: As in `chat_messages`.

    Raises:
        UntranslatableError: Content that a chat can't hold; or a tool call is demanded, or only one at a time allowed,
            to which sampling can't be bound.
    """
    fields = tool_fields(request)
    choice = fields.get("tool_choice", "auto")
    if choice not in ("auto", "none") or fields.get("parallel_tool_calls") is False:
        raise UntranslatableError("tool_choice: a local model takes auto and none, and no limit on parallel tool use")
    tools = fields.get("tools") if choice == "auto" else None
    names: dict[str, str] = {}
    return Chat([_turn(each, names) for each in chat_messages(request, keep_system=keep_system)], tools)


def assistant_turn(content: Any) -> Turn:
    """Translate the content of an assistant message.

    Raises:
        UntranslatableError: Content that a chat can't hold.
    """
    return _turn(assistant_message(content), {})


def _turn(message: Mapping[str, Any], names: dict[str, str]) -> Turn:
    """Make a turn of a chat message; `names` holds the tools that were called so far, by the ids of the calls."""
    turn: Turn = {**message, "content": _text(message["content"])}
    if "tool_calls" in message:
        turn["tool_calls"] = [_call(each) for each in message["tool_calls"]]
        names.update((each["id"], each["function"]["name"]) for each in message["tool_calls"])
    if message["role"] == "tool":
        turn["name"] = names.get(message["tool_call_id"], "")
    return turn


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": json.loads(function["arguments"])}}


def _text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    unseen = "[{} left out: this model reads text only]"
    return "\n\n".join(part.get("text", unseen.format(part["type"].removesuffix("_url"))) for part in content)
