"""From a Messages API request to the messages and tools that a chat template takes.

Their form: https://huggingface.co/docs/transformers/chat_templating
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

Turn = dict[str, Any]
"""A message as templates take it."""
_UNSEEN = "[{} left out: this model reads text only]"


class UnfitRequestError(ValueError):
    """The request asks for what a local model can't give."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation and the tools that are offered in it."""

    turns: list[Turn]
    tools: list[dict[str, Any]] | None


def read_chat(request: Mapping[str, Any]) -> Chat:
    """Translate a request.

    Results of tools are turns of their own, before what the user says beside them. Images and documents become a line
    of text that says so: the model is told, and so is the record. Tools that the API itself runs are left out.

    Raises:
        UnfitRequestError: A tool call is demanded, or only one at a time is allowed: sampling can't be bound to that.
    """
    choice: Any = request.get("tool_choice") or {}
    if choice.get("type", "auto") not in ("auto", "none") or choice.get("disable_parallel_tool_use"):
        raise UnfitRequestError("tool_choice: a local model takes auto and none, and no limit on parallel tool use")
    system = _text(request.get("system") or "")
    turns: list[Turn] = [{"role": "system", "content": system}] if system else []
    names: dict[str, str] = {}
    for message in request["messages"]:
        turns += _turns(message, names)
    offered = (
        []
        if choice.get("type") == "none"
        else [_tool(each) for each in request.get("tools") or () if "input_schema" in each]
    )
    return Chat(turns, offered or None)


def assistant_turn(content: Any) -> Turn:
    """Translate the content of an assistant message."""
    blocks = list(_blocks(content))
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    thoughts = [str(block.get("thinking", "")) for block in blocks if block.get("type") == "thinking"]
    turn: Turn = {"role": "assistant", "content": _text([block for block in blocks if block.get("type") == "text"])}
    return (
        turn
        | ({"reasoning_content": "\n".join(thoughts)} if thoughts else {})
        | ({"tool_calls": calls} if calls else {})
    )


def _turns(message: Mapping[str, Any], names: dict[str, str]) -> Iterator[Turn]:
    role, content = message.get("role"), message.get("content")
    if role == "assistant":
        names.update((str(b.get("id")), str(b.get("name"))) for b in _blocks(content) if b.get("type") == "tool_use")
        yield assistant_turn(content)
        return
    said: list[dict[str, Any]] = []
    for block in _blocks(content):
        if block.get("type") == "tool_result":
            called = str(block.get("tool_use_id"))
            text = _text(block.get("content") or "")
            yield {"role": "tool", "tool_call_id": called, "name": names.get(called, ""), "content": text}
        else:
            said.append(block)
    if said:
        yield {"role": str(role), "content": _text(said)}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = {
        "name": tool.get("name"),
        "description": tool.get("description", ""),
        "parameters": tool["input_schema"],
    }
    return {"type": "function", "function": function}


def _call(block: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": block.get("name"), "arguments": block.get("input")}
    return {"type": "function", "id": block.get("id"), "function": function}


def _text(content: Any) -> str:
    return "\n".join(_line(block) for block in _blocks(content))


def _line(block: Mapping[str, Any]) -> str:
    if block.get("type") == "text":
        return str(block.get("text", ""))
    return _UNSEEN.format(block.get("type"))


def _blocks(content: Any) -> Sequence[dict[str, Any]]:
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    return cast("list[dict[str, Any]]", content) if isinstance(content, list) else ()
