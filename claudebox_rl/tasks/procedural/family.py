"""The contract of a family: from dice and a difficulty to one task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

DIFFICULTIES = range(1, 6)
"""From a few lines to what takes thought; each family says what grows."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a family makes of one seed; paths are relative, with `/`."""

    description: str
    """One line: what it asks."""
    instruction: str
    environment: Mapping[str, str]
    """Files that the agent finds in its working directory: path -> text."""
    solution: Mapping[str, str]
    """Files of the working directory that the reference solution adds or replaces: path -> text."""
    judge: str
    """Source of tests/judge.py: one of `judges`. It reads hidden.json and uses the suites' judging.py."""
    hidden: Mapping[str, Any]
    """Content of tests/hidden.json: inputs and answers that the agent never sees."""


class Family(ABC):
    """Makes endless tasks of one kind. Objects keep nothing between calls.

    A draft follows from the dice alone: neither `hash()`, the time, nor the order of a set may be in it, so that every
    machine and Python makes the same bytes. Its hidden inputs differ from what the agent is shown.
    """

    name: ClassVar[str]
    """Letters only: it is part of a task's name."""
    version: ClassVar[int] = 1
    """Rises with every change of what is made of a seed."""
    category: ClassVar[str]
    keywords: ClassVar[tuple[str, ...]]

    @abstractmethod
    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task.

        Args:
            dice: The only source of chance.
            difficulty: One of `DIFFICULTIES`.
        """
