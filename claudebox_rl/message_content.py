"""When two messages are the same to a model, though an agent wrote them down differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

_TOLD = {"text": ("text",), "thinking": ("thinking", "signature"), "tool_use": ("id", "name", "input")}
"""What the model itself says in a block; servers add further fields, which agents may leave out."""


def plain_content(message: Mapping[str, Any]) -> Any:
    """Return a message's content as the model reads it: a bare text as a block, no empty text, no `cache_control`."""
    content: Any = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if isinstance(content, list):
        return [_unmarked(block) for block in cast("list[Any]", content) if not _is_empty(block)]
    return content


def is_answer(message: Mapping[str, Any], response: Mapping[str, Any]) -> bool:
    """Whether a message of a conversation is what a model answered.

    Args:
        message: It stands in a request.
        response: The assistant message that came, or anything else.
    """
    return message.get("role") == "assistant" and _told(plain_content(message)) == _told(plain_content(response))


def _told(content: Any) -> Any:
    return [_told_by(block) for block in cast("list[Any]", content)] if isinstance(content, list) else content


def _told_by(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    fields = cast("dict[str, Any]", block)
    kind = fields.get("type")
    told = _TOLD.get(kind) if isinstance(kind, str) else None
    return fields if told is None else (kind, *(fields.get(name) for name in told))


def _is_empty(block: Any) -> bool:
    fields = cast("dict[str, Any]", block) if isinstance(block, dict) else {}
    return fields.get("type") == "text" and not fields.get("text")


def _unmarked(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    return {name: value for name, value in cast("dict[str, Any]", block).items() if name != "cache_control"}
