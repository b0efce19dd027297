"""The other side of the translation, from OpenAI's documentation: reads chat requests, writes chat answers.

It shares nothing with the upstream, so the two are held against each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from openai.types.chat import ChatCompletion, ChatCompletionChunk, CompletionCreateParams
from pydantic import TypeAdapter

Object = dict[str, Any]
_BEYOND_OPENAI = {"reasoning", "reasoning_content", "return_token_ids", "top_k"}


def _closed(schema: Any) -> Any:
    """Return a JSON schema whose objects have no other fields than those that it names."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **closed} if "properties" in closed else closed


# Not by pydantic itself, which looks into an iterable only when it is read, and breaks there.
_REQUEST = Draft202012Validator(_closed(TypeAdapter(CompletionCreateParams).json_schema()))


def check_request(body: Object) -> None:
    """Hold a chat request against OpenAI's own types; what those don't know is let through by name alone."""
    found = best_match(_REQUEST.iter_errors(_known(body)))
    assert found is None, f"{found.json_path}: {found.message}"
    _check_order(body["messages"])


def _known(body: Object) -> Object:
    messages = [{name: each[name] for name in each.keys() - _BEYOND_OPENAI} for each in body["messages"]]
    return {**{name: body[name] for name in body.keys() - _BEYOND_OPENAI}, "messages": messages}


def _check_order(messages: list[Object]) -> None:
    """Each call has its result, at once after it, and no result stands elsewhere."""
    due: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] in due
            due.remove(message["tool_call_id"])
            continue
        assert not due, "calls without a result"
        due = [call["id"] for call in message.get("tool_calls", [])]
    assert messages[-1]["role"] != "assistant"


def messages_request(body: Object) -> Object:
    """Read a chat request as a Messages API request of texts and tools, for a player that knows only those."""
    system = [each["content"] for each in body["messages"] if each["role"] == "system"]
    tools = [
        {"name": tool["function"]["name"], "input_schema": tool["function"]["parameters"]}
        for tool in body.get("tools", [])
    ]
    spoken = [_message(each) for each in body["messages"] if each["role"] != "system"]
    return {"model": body["model"], "system": "\n\n".join(system), "tools": tools, "messages": spoken}


def _message(message: Object) -> Object:
    match message["role"]:
        case "tool":
            is_error = message["content"].startswith("<tool_use_error>")
            result = {
                "type": "tool_result",
                "tool_use_id": message["tool_call_id"],
                "content": message["content"],
                "is_error": is_error,
            }
            return {"role": "user", "content": [result]}
        case "assistant":
            texts = [{"type": "text", "text": message["content"]}] if message["content"] else []
            return {"role": "assistant", "content": [*texts, *map(_tool_use, message.get("tool_calls", []))]}
        case _:
            return {"role": "user", "content": message["content"]}


def _tool_use(call: Object) -> Object:
    function = call["function"]
    return {
        "type": "tool_use",
        "id": call["id"],
        "name": function["name"],
        "input": json.loads(function["arguments"]),
    }


def completion(message: Object, finish_reason: str, **fields: Any) -> Object:
    """Write a whole chat completion and hold it against OpenAI's own type."""
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish_reason}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "served",
        "choices": [{**choice, "logprobs": None}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14},
        **fields,
    }
    ChatCompletion.model_validate(body)
    return body


def chunk(delta: Object | None, finish_reason: str | None = None, **fields: Any) -> Object:
    """Write a chunk; without a delta, the last one, which has the usage alone."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "served",
        "choices": choices,
        **fields,
    }
    ChatCompletionChunk.model_validate(body)
    return body


def sse(*chunks: Object, done: bool = True) -> bytes:
    """Write chunks as a server sends them."""
    lines = [f"data: {json.dumps(each)}\n\n" for each in chunks]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def chunks_of(message: Object, finish_reason: str, size: int = 7) -> Iterator[Object]:
    """Cut a whole message into chunks as OpenAI does: name and id first, then the arguments piece by piece."""
    yield chunk({"role": "assistant", "content": ""})
    for name in ("reasoning_content", "content"):
        for piece in _pieces(message.get(name) or "", size):
            yield chunk({name: piece})
    for index, call in enumerate(message.get("tool_calls") or []):
        function = call["function"]
        opening = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
        yield chunk({"tool_calls": [opening]})
        for piece in _pieces(function["arguments"], size):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, finish_reason)
    yield chunk(None, usage={"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14})


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
