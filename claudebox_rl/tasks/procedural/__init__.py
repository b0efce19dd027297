"""Tasks without end: families of generators that make a task folder from a difficulty and a seed."""

from __future__ import annotations

from claudebox_rl.tasks.procedural.family import DIFFICULTIES, Draft, Family
from claudebox_rl.tasks.procedural.folder import generate
from claudebox_rl.tasks.procedural.registry import FAMILIES, find_family

__all__ = ["DIFFICULTIES", "FAMILIES", "Draft", "Family", "find_family", "generate"]
