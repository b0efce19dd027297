"""What the messages of a request tell about the conversation so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What the agent sent back for one tool call."""

    text: str
    is_error: bool


def num_assistant_messages(request: Mapping[str, Any]) -> int:
    """Count the model's own messages."""
    return sum(message.get("role") == "assistant" for message in request["messages"])


def tool_outcomes(request: Mapping[str, Any]) -> dict[str, ToolOutcome]:
    """Return the outcomes of tool calls, by the id of the call."""
    return {
        str(block.get("tool_use_id")): ToolOutcome(_text(block.get("content")), block.get("is_error") is True)
        for message in request["messages"]
        for block in blocks(message.get("content"))
        if block.get("type") == "tool_result"
    }


def tool_names(request: Mapping[str, Any]) -> set[str]:
    """Return the names of the tools that the agent offers."""
    return {str(tool.get("name")) for tool in blocks(request.get("tools"))}


def texts(content: Any) -> Iterator[str]:
    """Yield the texts of a message's content."""
    if isinstance(content, str):
        yield content
    for block in blocks(content):
        if block.get("type") == "text" and isinstance(text := block.get("text"), str):
            yield text


def blocks(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the blocks of a message's content, or of any list of objects."""
    if isinstance(content, list):
        for block in cast("list[Any]", content):
            if isinstance(block, dict):
                yield cast("dict[str, Any]", block)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in blocks(content))
