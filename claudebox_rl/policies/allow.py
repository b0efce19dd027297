"""The supervisor that looks on."""

from __future__ import annotations

from typing import Any


def allow(observation: dict[str, Any]) -> dict[str, Any]:
    """Allow every tool call, in the supervisor's seat."""
    return {"decision": 0, "reason": "", "input": {}}
