"""How many tokens a request may hold, where no tokenizer says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

_CHARS_PER_TOKEN = 4
_IMAGE_TOKENS = 1600
"""Of the largest image that the API does not scale down: https://docs.claude.com/en/docs/build-with-claude/vision"""
_COUNTED = ("system", "tools", "messages")


def estimate_tokens(request: Mapping[str, Any]) -> int:
    """Estimate a request's input tokens: a quarter of its characters, as JSON, and 1600 for each image."""
    counted = {name: request[name] for name in _COUNTED if name in request}
    text = json.dumps(_without_images(counted), ensure_ascii=False, separators=(",", ":"))
    return -(-len(text) // _CHARS_PER_TOKEN) + _IMAGE_TOKENS * _num_images(counted)


def _without_images(value: Any) -> Any:
    if isinstance(value, dict):
        if _is_image(cast("dict[str, Any]", value)):
            return {"type": "image"}
        return {name: _without_images(item) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_without_images(item) for item in cast("list[Any]", value)]
    return value


def _num_images(value: Any) -> int:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return 1 if _is_image(fields) else sum(map(_num_images, fields.values()))
    return sum(map(_num_images, cast("list[Any]", value))) if isinstance(value, list) else 0


def _is_image(fields: Mapping[str, Any]) -> bool:
    return fields.get("type") == "image" and "source" in fields
