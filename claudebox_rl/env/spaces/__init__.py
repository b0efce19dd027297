"""Spaces of our own: Gymnasium has none for texts of any script, for JSON, or for a model's messages."""

from __future__ import annotations

from claudebox_rl.env.spaces.assistant_message import AssistantMessage
from claudebox_rl.env.spaces.facts import facts, facts_space
from claudebox_rl.env.spaces.json_value import JsonValue
from claudebox_rl.env.spaces.text import UnicodeText

__all__ = ["AssistantMessage", "JsonValue", "UnicodeText", "facts", "facts_space"]
