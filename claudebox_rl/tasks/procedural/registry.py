"""The families by name."""

from __future__ import annotations

from claudebox_rl._registry import check, resolve
from claudebox_rl.tasks.procedural.family import Family

FAMILIES = {
    "algorithms": "claudebox_rl.tasks.procedural.algorithms:AlgorithmsFamily",
    "config": "claudebox_rl.tasks.procedural.config:ConfigFamily",
    "parsing": "claudebox_rl.tasks.procedural.parsing:ParsingFamily",
    "refactoring": "claudebox_rl.tasks.procedural.refactoring:RefactoringFamily",
    "regex": "claudebox_rl.tasks.procedural.regex:RegexFamily",
    "sql": "claudebox_rl.tasks.procedural.sql:SqlFamily",
}
"""Built in; packages add their own in the entry-point group `claudebox_rl.task_family`."""


def find_family(name: str) -> Family:
    """Return the family of that name.

    Raises:
        ConfigError: Unknown name (the message lists the known ones).
    """
    return resolve("task_family", name, FAMILIES)()


def check_family(name: str) -> None:
    """Refuse an unknown family.

    Raises:
        ConfigError: Unknown name (the message lists the known ones).
    """
    check("task_family", name, FAMILIES)
