"""What an adaptive search chooses from: one dimension a swept setting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values that have no order."""

    options: tuple[str, ...]
    """As they stand behind the `=` of an override."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number between two others, both included."""

    low: float
    high: float
    step: float | None = None
    """Only `low` and what lies whole steps above it; None: all between."""
    is_log: bool = False
    """Whether factors count rather than differences; not with `step`."""


Dimension = Choice | Numbers
"""Of numbers that are `int`, only whole ones are chosen."""
