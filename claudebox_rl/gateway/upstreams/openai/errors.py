"""Errors of chat completions servers, in the shape of the Messages API.

Bodies: `{"error": {"message"}}` (OpenAI, vLLM, llama.cpp, Ollama), `{"object": "error", "message"}` (SGLang, older
vLLM), `{"detail"}` (FastAPI).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from claudebox_rl.gateway.api_errors import ERROR_TYPES, error_reply
from claudebox_rl.gateway.upstream import Reply

_OTHERWISE = {408: 504, 422: 400, 503: 529}
_PASSED_BACK = ("retry-after", "retry-after-ms")
_CONTEXT = re.compile(r"context[ _](length|size|window)", re.IGNORECASE)
_WINDOW = re.compile(r"maximum context length (?:is|of) (\d+)|context (?:size|window) (?:\(|of )(\d+)")
_PROMPT = re.compile(r"(\d+) (?:input tokens|tokens from the input messages|in the messages)|request \((\d+) tokens\)")
_OUTPUT = re.compile(r"requested (\d+) output tokens|(\d+) (?:tokens for|in) the completion")


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Translate an answer whose status is an error's."""
    reply = error_reply(translated_status(status), message_of(_parsed(body)) or f"the model's server said {status}")
    return Reply(
        reply.status,
        reply.content_type,
        reply.body,
        {name: headers[name] for name in _PASSED_BACK if name in headers},
    )


def translated_status(status: int) -> int:
    """Return the API's status for a server's: one that the CLI handles likewise."""
    if status in ERROR_TYPES:
        return status
    return _OTHERWISE.get(status, 400 if 400 <= status < 500 else max(status, 500))


def error_in(chunk: Mapping[str, Any]) -> tuple[int, str] | None:
    """Return status and message of an error that stands where an answer, or a chunk of one, was due."""
    if not chunk.get("error") and chunk.get("object") != "error":
        return None
    error: Any = chunk.get("error") or chunk
    code: Any = cast("dict[str, Any]", error).get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return translated_status(status), message_of(chunk) or "the model's server broke off its answer"


def message_of(body: Any) -> str:
    """Return the text of an error's body; one of a conversation that is too long is said in the API's own words.

    The CLI acts on those: it asks for fewer tokens, or compacts the conversation.
    """
    told = _told(body)
    if not _CONTEXT.search(told):
        return told
    window, prompt, output = (_number(pattern, told) for pattern in (_WINDOW, _PROMPT, _OUTPUT))
    if window and prompt and output and prompt < window:
        return f"input length and `max_tokens` exceed context limit: {prompt} + {output} > {window} ({told})"
    if window and prompt:
        return f"prompt is too long: {prompt} tokens > {window} maximum ({told})"
    return f"prompt is too long: {told}"


def _told(body: Any) -> str:
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return "" if body is None else json.dumps(body)
    fields = cast("dict[str, Any]", body)
    inner = next((fields[name] for name in ("error", "message", "detail") if fields.get(name)), None)
    return _told(inner)


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(next(group for group in found.groups() if group)) if found else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")[:1000].strip()
