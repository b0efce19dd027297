"""The model that does nothing."""

from __future__ import annotations

from typing import Any


def decline(observation: dict[str, Any]) -> str:
    """Answer every request with one sentence, in the model's seat."""
    return "I leave it as it is."
