"""Content blocks of the Messages API, read with care and turned into texts and content parts of a chat.

Blocks: https://docs.claude.com/en/api/messages. Parts: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

Block = dict[str, Any]
Part = str | dict[str, Any]
"""A text, or a content part of another kind."""
Kind = TypeVar("Kind")


class UntranslatableError(ValueError):
    """The request holds what a chat can't say, or is malformed; the message is for the agent."""


def field(holder: Block, name: str, kind: type[Kind], where: str) -> Kind:
    """Return a field that must be there.

    Raises:
        UntranslatableError: It is missing, or of another type.
    """
    value = holder.get(name)
    if not isinstance(value, kind):
        raise UntranslatableError(f"{where}.{name}: a {kind.__name__} is required")
    return value


def record(holder: Block, name: str, where: str) -> Block:
    """Return a field that must be an object.

    Raises:
        UntranslatableError: It is missing, or of another type.
    """
    return cast("Block", field(holder, name, dict, where))


def blocks(content: Any, where: str) -> list[Block]:
    """Return content as blocks; a text is one block, None is none.

    Raises:
        UntranslatableError: It is neither.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(each, dict) for each in cast("list[Any]", content)):
        raise UntranslatableError(f"{where}: a text or a list of content blocks is required")
    return cast("list[Block]", content)


def part(block: Block, where: str) -> Part:
    """Translate a block that a user, or the result of a tool, may hold.

    Raises:
        UntranslatableError: A chat has no part of that kind.
    """
    match block.get("type"):
        case "text":
            return field(block, "text", str, where)
        case "image":
            return {"type": "image_url", "image_url": {"url": _image_url(record(block, "source", where), where)}}
        case "document":
            return _document(block, record(block, "source", where), where)
        case "tool_reference":
            return f"Tool loaded: {field(block, 'tool_name', str, where)}"
        case other:
            raise UntranslatableError(f"{where}: the model's server knows no content of type {other!r}")


def joined(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    """Return parts as the content of a chat message: one text where all are texts, since every server takes that."""
    texts = [each for each in parts if isinstance(each, str)]
    if len(texts) == len(parts):
        return "\n\n".join(texts)
    return [{"type": "text", "text": each} if isinstance(each, str) else each for each in parts]


def text_of(content: Any, where: str) -> str:
    """Return content of texts alone as one text.

    Raises:
        UntranslatableError: Another kind of block is among them.
    """
    texts = [part(block, where) for block in blocks(content, where)]
    if not all(isinstance(each, str) for each in texts):
        raise UntranslatableError(f"{where}: only texts can stand here")
    return "\n\n".join(cast("list[str]", texts))


def _image_url(source: Block, where: str) -> str:
    match source.get("type"):
        case "base64":
            media_type, data = field(source, "media_type", str, where), field(source, "data", str, where)
            return f"data:{media_type};base64,{data}"
        case "url":
            return field(source, "url", str, where)
        case other:
            raise UntranslatableError(f"{where}: the model's server has no images from a source of type {other!r}")


def _document(block: Block, source: Block, where: str) -> Part:
    match source.get("type"):
        case "text":
            return field(source, "data", str, where)
        case "base64":
            media_type, data = field(source, "media_type", str, where), field(source, "data", str, where)
            title = block.get("title")
            filename = title if isinstance(title, str) and title else "document.pdf"
            return {"type": "file", "file": {"filename": filename, "file_data": f"data:{media_type};base64,{data}"}}
        case other:
            raise UntranslatableError(f"{where}: the model's server has no documents from a source of type {other!r}")
