"""Whole assistant messages, and the two ways in which the Messages API sends them.

Event order and fields: https://docs.claude.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from claudebox_rl.gateway.upstream import Reply, once
from claudebox_rl.types import Usage

Block = dict[str, Any]
_NO_USAGE = Usage()


def text_block(text: str) -> Block:
    """Return a content block of text."""
    return {"type": "text", "text": text}


def tool_use_block(tool_use_id: str, name: str, tool_input: Mapping[str, Any]) -> Block:
    """Return a content block that calls a tool."""
    return {"type": "tool_use", "id": tool_use_id, "name": name, "input": dict(tool_input)}


def assistant_message(request: Mapping[str, Any], content: Sequence[Block], usage: Usage = _NO_USAGE) -> dict[str, Any]:
    """Build the assistant message that answers `request`.

    Its id follows from the conversation, so the same request, sent again, gets the same message.

    Args:
        request: Body of the Messages API request.
        content: Content blocks; one that calls a tool makes the stop reason `tool_use`.
        usage: Tokens to report; cached ones count as read from the cache.
    """
    calls_tool = any(block["type"] == "tool_use" for block in content)
    digest = hashlib.sha256(json.dumps([request.get("messages"), content]).encode()).hexdigest()
    return {
        "id": f"msg_{digest[:24]}",
        "type": "message",
        "role": "assistant",
        "model": request.get("model", ""),
        "content": list(content),
        "stop_reason": "tool_use" if calls_tool else "end_turn",
        "stop_sequence": None,
        "usage": usage_object(usage),
    }


def usage_object(usage: Usage) -> dict[str, int]:
    """Build the API's account of tokens; cached ones count as read from the cache."""
    return {
        "input_tokens": usage.input_tokens - usage.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }


def message_reply(request: Mapping[str, Any], message: dict[str, Any]) -> Reply:
    """Send a message as `request["stream"]` asks: as events, or as one JSON body."""
    if request.get("stream") is True:
        body = b"".join(encode_event(event) for event in message_events(message))
        return Reply(200, "text/event-stream; charset=utf-8", once(body))
    return Reply(200, "application/json", once(json.dumps(message).encode()))


def encode_event(event: Mapping[str, Any]) -> bytes:
    """Encode one event of the stream."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def message_events(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events that a streaming client folds back into `message`."""
    opening: dict[str, Any] = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": {**opening, "usage": {**message["usage"], "output_tokens": 0}}}
    for index, block in enumerate(message["content"]):
        start, deltas = _split(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": message["stop_reason"], "stop_sequence": message["stop_sequence"]},
        "usage": {"output_tokens": message["usage"]["output_tokens"]},
    }
    yield {"type": "message_stop"}


def _split(block: Block) -> tuple[Block, list[Block]]:
    """Part a block into what opens it and what is streamed after."""
    match block["type"]:
        case "text":
            return _split_text(block)
        case "thinking":
            thinking = {"type": "thinking_delta", "thinking": block["thinking"]}
            signature = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [thinking, signature]
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            return _split_call(block)
        case _:
            return block, []


def _split_text(block: Block) -> tuple[Block, list[Block]]:
    text: Block = {"type": "text_delta", "text": block["text"]}
    if not block.get("citations"):
        return {**block, "text": ""}, [text]
    citations = [{"type": "citations_delta", "citation": citation} for citation in block["citations"]]
    return {**block, "text": "", "citations": []}, [text, *citations]


def _split_call(block: Block) -> tuple[Block, list[Block]]:
    """Part a call; of one whose input was cut off, `MessageFold` left what came of it."""
    text = block.get("partial_json") or json.dumps(block["input"])
    start = {name: value for name, value in block.items() if name != "partial_json"}
    return {**start, "input": {}}, [{"type": "input_json_delta", "partial_json": text}]
