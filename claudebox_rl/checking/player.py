"""Who plays a task to prove it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What a player stands for, and so what it has to earn."""

    SOLUTION = "solution"
    """Honest work: 1.0, each time."""
    NOTHING = "nothing"
    """No work: 0.0."""
    RANDOM = "random"
    """Harmless commands without a plan: no more than nothing."""
    CHEAT = "cheat"
    """Work on the verdict instead of the task: no more than nothing."""
    CARELESS = "careless"
    """A part of the solution's edits: how often that is enough says how hard the task is."""


@dataclass(frozen=True, slots=True)
class Player:
    """One way to play a task."""

    name: str
    role: Role
    doc: str
    """What it tries, in a line."""
    agent: Literal["oracle", "nop", "shell", "careless"]
    script: str = ""
    """For the shell: bash, run in the task's working directory. Exit code 77: there is nothing to try here."""
    error_rate: float = 0.0
    """For `careless`: the part of the solution's edits that it leaves out."""
    seed: int | None = None
    """Of what the agent draws."""


SOLUTION = Player("solution", Role.SOLUTION, "Plays the task's own solution.", "oracle")
NOTHING = Player("nothing", Role.NOTHING, "Leaves everything as it is.", "nop")
