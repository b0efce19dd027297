"""The plain evaluation of an agent, in the user's seat."""

from __future__ import annotations

from typing import Any

from claudebox_rl.types import SUBMIT


def instruction(observation: dict[str, Any]) -> str:
    """Give the task's instruction once, then submit."""
    return observation["instruction"] if observation["facts"][0] == 0 else SUBMIT
