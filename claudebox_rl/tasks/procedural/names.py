"""How generated tasks are named: `procedural`, `procedural/sql`, `procedural/sql-3`, `procedural/sql-1..3-0..99`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from claudebox_rl.errors import TaskError
from claudebox_rl.tasks.procedural.family import DIFFICULTIES
from claudebox_rl.tasks.procedural.registry import FAMILIES, check_family

SUITE = "procedural"
ANY = "any"
MOST = 100_000
"""Tasks of one selector. All are made before the first is played."""
_RANGE = r"[0-9]+(?:\.\.[0-9]+)?"
_FORM = re.compile(rf"(?P<family>[A-Za-z_.:]+)(?:-(?P<difficulty>{_RANGE})(?:-(?P<seed>{_RANGE}))?)?")


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """One generated task."""

    family: str
    difficulty: int
    seed: int

    def __str__(self) -> str:
        return f"{self.family}-{self.difficulty}-{self.seed}"


def is_selector(selector: str) -> bool:
    """Whether a selector asks for generated tasks."""
    return selector == SUITE or selector.startswith(f"{SUITE}/")


def names_of(selector: str) -> list[Name]:
    """Return the tasks that a selector names: families in their order, then difficulties, then seeds.

    Args:
        selector: `procedural/FAMILY-DIFFICULTY-SEED`. A number may be a range, `0..99`, whose ends belong to it; the
            family may be `any`, for all that are built in. What is left out at the end is any family, all difficulties
            and seed 0: `procedural` is one task of each difficulty of each family.

    Raises:
        TaskError: It is not of this form, or a number is out of range.
    """
    asked = selector.removeprefix(SUITE).removeprefix("/") or ANY
    form = _FORM.fullmatch(asked)
    if form is None:
        _refuse(selector, "is not of the form procedural/FAMILY-DIFFICULTY-SEED, such as procedural/sql-3-0..99")
    families = sorted(FAMILIES) if form["family"] == ANY else [form["family"]]
    for family in families:
        check_family(family)
    first, last = f"{DIFFICULTIES[0]}", f"{DIFFICULTIES[-1]}"
    difficulties = _range(selector, form["difficulty"] or f"{first}..{last}")
    if difficulties[0] < DIFFICULTIES[0] or difficulties[-1] > DIFFICULTIES[-1]:
        _refuse(selector, f"asks for a difficulty that there isn't: they go from {first} to {last}")
    seeds = _range(selector, form["seed"] or "0")
    if (amount := len(families) * len(difficulties) * len(seeds)) > MOST:
        _refuse(selector, f"names {amount} tasks; at most {MOST} can be asked for at once")
    return [Name(family, each, seed) for family in families for each in difficulties for seed in seeds]


def _range(selector: str, text: str) -> range:
    first, _, last = text.partition("..")
    if int(last or first) < int(first):
        _refuse(selector, f"has a range that ends before it begins: {text}")
    return range(int(first), int(last or first) + 1)


def _refuse(selector: str, problem: str) -> NoReturn:
    raise TaskError(f"task {selector!r} {problem}; families: {', '.join(sorted(FAMILIES))}", selector=selector)
