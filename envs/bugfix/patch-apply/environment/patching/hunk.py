"""Hunks."""

from dataclasses import dataclass, field


@dataclass
class Hunk:
    """A hunk: the number of lines before its place, and its old and new lines with their ends."""

    place: int
    old: list = field(default_factory=list)
    new: list = field(default_factory=list)
