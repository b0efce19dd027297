"""Changes of a list of numbers, each in words, as code and as a function: the steps of the family `algorithms`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

Numbers = list[int]


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the list."""

    words: str
    code: str
    """An expression over `numbers`."""
    apply: Callable[[Numbers], Numbers]


def _drop(dice: Random) -> Step:
    factor = dice.randrange(3, 9)
    rest = dice.randrange(factor)
    return Step(
        f"Leave out all numbers that divided by {factor} leave the rest {rest}.",
        f"[number for number in numbers if number % {factor} != {rest}]",
        lambda numbers: [number for number in numbers if number % factor != rest],
    )


def _mirror(dice: Random) -> Step:
    high = dice.randrange(20, 80)
    return Step(
        f"Replace each number by its distance to {high}, which is never negative.",
        f"[abs(number - {high}) for number in numbers]",
        lambda numbers: [abs(number - high) for number in numbers],
    )


def _fold(dice: Random) -> Step:
    modulus = dice.randrange(11, 60)
    return Step(
        f"Replace each number by what it leaves when divided by {modulus}.",
        f"[number % {modulus} for number in numbers]",
        lambda numbers: [number % modulus for number in numbers],
    )


def _weigh(dice: Random) -> Step:
    weights = [dice.randrange(1, 5) for _ in range(dice.randrange(2, 4))]
    listed = ", ".join(map(str, weights))
    return Step(
        f"Multiply the numbers by {listed} in turn: the first by {weights[0]}, the next one by {weights[1]}, and "
        f"after {len(weights)} numbers begin again with {weights[0]}.",
        f"[number * ({listed})[index % {len(weights)}] for index, number in enumerate(numbers)]",
        lambda numbers: [number * weights[index % len(weights)] for index, number in enumerate(numbers)],
    )


def _differences(dice: Random) -> Step:
    extra = dice.randrange(0, 9)
    return Step(
        f"Replace the list by the distances of neighbours, each plus {extra}: of n numbers, n - 1 are left, of none, "
        f"none.",
        f"[abs(after - before) + {extra} for before, after in pairwise(numbers)]",
        lambda numbers: [abs(after - before) + extra for before, after in pairwise(numbers)],
    )


def _once(dice: Random) -> Step:
    most = dice.randrange(1, 4)
    times = "once" if most == 1 else f"{most} times"
    return Step(
        f"Of equal numbers keep only the first {most}, so that none comes more than {times}; the order stays.",
        f"[number for index, number in enumerate(numbers) if numbers[:index].count(number) < {most}]",
        lambda numbers: _first_of_equal(numbers, most),
    )


def _first_of_equal(numbers: Numbers, most: int) -> Numbers:
    seen = Counter[int]()
    kept: Numbers = []
    for number in numbers:
        seen[number] += 1
        if seen[number] <= most:
            kept.append(number)
    return kept


def _clip(dice: Random) -> Step:
    low = dice.randrange(1, 9)
    high = low + dice.randrange(15, 60)
    return Step(
        f"Replace numbers below {low} by {low}, and numbers above {high} by {high}.",
        f"[min(max(number, {low}), {high}) for number in numbers]",
        lambda numbers: [min(max(number, low), high) for number in numbers],
    )


STEPS: tuple[Callable[[Random], Step], ...] = (_drop, _mirror, _fold, _weigh, _differences, _once, _clip)
"""Each draws a step."""
