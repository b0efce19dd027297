"""The floor of every evaluation: no work at all."""

from __future__ import annotations

from typing import Any

from claudebox_rl.types import SUBMIT


def submit(observation: dict[str, Any]) -> str:
    """Submit at once, in the user's or the shell's seat."""
    return SUBMIT
