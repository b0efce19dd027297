"""An assistant message as somebody outside of any model gives it: a text, or content blocks and what is known of them.

    "Done."                                         # a text
    {"content": [                                   # or blocks, at least one
        {"type": "text", "text": "I look first."},
        {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}},        # `id` is made where it is left out
        {"type": "thinking", "thinking": "...", "signature": "..."}],
     "stop_reason": "end_turn",                     # the rest may be left out
     "usage": {"input_tokens": 1200, "output_tokens": 30, "cached_tokens": 0},
     "prompt_token_ids": [...], "completion_token_ids": [...], "logprobs": [...], "weight_version": "step-3"}

Ids and log-probabilities are what a sampler gave; they are recorded with the call, and never made from text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.messages import Block, text_block
from claudebox_rl.gateway.upstream import Sampled
from claudebox_rl.types import Usage

_TEXTS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "tool_use": ("name",),
    "thinking": ("thinking", "signature"),
    "redacted_thinking": ("data",),
}
"""Kinds of blocks, and the texts that each must have."""
STOP_REASONS = ("end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal")
_FIELDS = (
    "content", "stop_reason", "usage", "prompt_token_ids", "completion_token_ids", "logprobs", "weight_version",
)  # fmt: skip
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens")


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """A well-formed message."""

    content: tuple[Block, ...]
    stop_reason: str | None = None
    """None: as the content says."""
    usage: Usage = field(default_factory=Usage)
    sampled: Sampled = field(default_factory=Sampled)


def read_answer(given: object) -> PolicyAnswer:
    """Read a message as it was given.

    Raises:
        ConfigError: It is malformed; names the place.
    """
    if isinstance(given, str):
        given = {"content": [text_block(given)]}
    if not isinstance(given, Mapping):
        raise ConfigError(f"an assistant message is a text or an object with content, not {given!r:.80}")
    fields = cast("Mapping[str, Any]", given)
    if unknown := fields.keys() - set(_FIELDS):
        raise ConfigError(f"assistant message: unknown {', '.join(map(repr, sorted(map(str, unknown))))}; "
                          f"known: {', '.join(_FIELDS)}")  # fmt: skip
    stop_reason = fields.get("stop_reason")
    if stop_reason is not None and stop_reason not in STOP_REASONS:
        raise ConfigError(f"stop_reason must be one of {', '.join(STOP_REASONS)}, not {stop_reason!r:.80}")
    return PolicyAnswer(_content(fields.get("content")), stop_reason, _usage(fields.get("usage")), _sampled(fields))


def _content(given: object) -> tuple[Block, ...]:
    blocks = [text_block(given)] if isinstance(given, str) else given
    if not isinstance(blocks, Sequence) or not blocks:
        raise ConfigError(f"content must be a list of at least one block, or a text, not {given!r:.80}")
    return tuple(_block(f"content[{i}]", block) for i, block in enumerate(cast("Sequence[object]", blocks)))


def _block(where: str, given: object) -> Block:
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} must be an object, not {given!r:.80}")
    block = dict(cast("Mapping[str, Any]", given))
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in _TEXTS:
        raise ConfigError(f"{where}.type must be one of {', '.join(_TEXTS)}, not {kind!r:.80}")
    for name in _TEXTS[kind]:
        if not isinstance(block.get(name), str) or (not block[name] and name in ("text", "name")):
            raise ConfigError(f"{where}.{name} must be a text that is not empty, not {block.get(name)!r:.80}")
    if kind == "tool_use":
        if not isinstance(block.setdefault("id", ""), str):
            raise ConfigError(f"{where}.id must be a text, not {block['id']!r:.80}")
        if not isinstance(block.get("input"), dict):
            raise ConfigError(f"{where}.input must be an object, not {block.get('input')!r:.80}")
    try:
        json.dumps(block, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where} is no JSON: {error}") from error
    return block


def _usage(given: object) -> Usage:
    counts: Mapping[str, Any] = cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}
    if given is not None and (not isinstance(given, Mapping) or counts.keys() - set(_COUNTS)):
        raise ConfigError(f"usage is an object of {', '.join(_COUNTS)}, not {given!r:.80}")
    for name, count in counts.items():
        if type(count) is not int or count < 0:
            raise ConfigError(f"usage.{name} must be a whole number of at least 0, not {count!r:.80}")
    return Usage(**counts)


def _sampled(fields: Mapping[str, Any]) -> Sampled:
    version = fields.get("weight_version")
    if version is not None and not isinstance(version, str):
        raise ConfigError(f"weight_version must be a text, not {version!r:.80}")
    completion, logprobs = _ids(fields, "completion_token_ids"), _logprobs(fields.get("logprobs"))
    if logprobs is not None and len(logprobs) != len(completion or ()):
        raise ConfigError(f"logprobs: {len(logprobs)} for {len(completion or ())} completion_token_ids")
    return Sampled(_ids(fields, "prompt_token_ids"), completion, logprobs, version)


def _ids(fields: Mapping[str, Any], name: str) -> tuple[int, ...] | None:
    ids = fields.get(name)
    if ids is None:
        return None
    if not isinstance(ids, list | tuple) or not all(type(each) is int and each >= 0 for each in cast("list[Any]", ids)):
        raise ConfigError(f"{name} must be a list of whole numbers of at least 0")
    return tuple(cast("list[int]", ids))


def _logprobs(given: Any) -> tuple[float, ...] | None:
    if given is None:
        return None
    if not isinstance(given, list | tuple) or not all(_is_logprob(each) for each in cast("list[Any]", given)):
        raise ConfigError("logprobs must be a list of finite numbers of at most 0")
    return tuple(float(each) for each in cast("list[float]", given))


def _is_logprob(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value <= 0
