"""A Messages API request as a chat completions request."""

from __future__ import annotations

from typing import Any, cast

from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError, field, record
from claudebox_rl.gateway.upstreams.openai.conversation import chat_messages
from claudebox_rl.gateway.upstreams.openai.options import OpenAIOptions
from claudebox_rl.gateway.upstreams.openai.tools import tool_fields

Body = dict[str, Any]

_SAME = ("temperature", "top_p", "top_k")
_RENAMED = {"stop_sequences": "stop"}
_TRANSLATED = frozenset(
    {"system", "messages", "tools", "tool_choice", "max_tokens", "output_config", "stream", "model"}
)
_WITHOUT_EFFECT = frozenset(
    {
        "billing_policy",
        "cache_control",
        "context_management",
        "diagnostics",
        "fallback_credit_token",
        "fallbacks",
        "inference_geo",
        "metadata",
        "service_tier",
        "speed",
        "thinking",
        "user_profile_id",
        "workspace_id",
    }
)
"""Where and how Anthropic's servers shall work; said by the server's own settings, or by `extra_body`, here."""


def chat_request(request: Body, options: OpenAIOptions) -> Body:
    """Translate one request.

    Args:
        request: Body of the Messages API request.
        options: The upstream's settings.

    Raises:
        UntranslatableError: It asks for what a chat can't do, or is malformed; nothing is left out unsaid.
    """
    known = {*_SAME, *_RENAMED, *_TRANSLATED, *_WITHOUT_EFFECT}
    if unknown := sorted(request.keys() - known):
        raise UntranslatableError(f"{', '.join(unknown)}: the model's server has no such field")
    body: Body = {
        "model": options.model,
        "messages": chat_messages(request, keep_system=options.system_entries == "system"),
        **tool_fields(request),
        **{name: request[name] for name in _SAME if request.get(name) is not None},
        **{new: request[old] for old, new in _RENAMED.items() if request.get(old)},
        options.max_tokens_field: _max_tokens(request, options),
        **_response_format(request),
    }
    if request.get("stream") is True:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def counted(request: Body, options: OpenAIOptions) -> Body:
    """Translate a request to count tokens: what of it the chat template is given.

    Raises:
        UntranslatableError: As in `chat_request`.
    """
    tools = tool_fields(request).get("tools")
    messages = chat_messages(request, keep_system=options.system_entries == "system")
    return {"model": options.model, "messages": messages, **({"tools": tools} if tools else {})}


def _max_tokens(request: Body, options: OpenAIOptions) -> int:
    asked = field(request, "max_tokens", int, "request")
    return asked if options.max_output_tokens is None else min(asked, options.max_output_tokens)


def _response_format(request: Body) -> Body:
    """Translate `output_config.format`; `effort` is for `extra_body`, since many servers refuse it."""
    config: Any = request.get("output_config") or {}
    if not isinstance(config, dict) or cast("Body", config).get("format") is None:
        return {}
    asked = record(cast("Body", config), "format", "output_config")
    if asked.get("type") != "json_schema":
        raise UntranslatableError("output_config.format: only json_schema is known")
    schema = record(asked, "schema", "output_config.format")
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    }
