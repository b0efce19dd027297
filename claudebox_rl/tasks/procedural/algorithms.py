"""Family `algorithms`: write a function over a list of whole numbers that is told in steps.

A task is made of steps that change the list, and of one question about what comes out. What grows with the difficulty:
the number of steps (one to three) and the question, from counting (1) over windows (2), sorting and short dynamic
programs (3) to knapsacks, splits and trades (4) and grids, intervals and counting modulo a number (5). Long hidden
lists rule out trying everything.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural import kernels
from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import CALLS

Numbers = list[int]
_SHORT, _SHOWN = 40, 4
_ANSWERS = 6
"""Different answers of a task's cases: those that the examples show are not to be enough."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A change of the list."""

    words: str
    code: str
    """An expression over `numbers`."""
    apply: Callable[[Numbers], Numbers]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the list that comes out of the steps."""

    words: str
    kernel: Callable[..., Any]
    arguments: dict[str, int]
    longest: int
    """Length of the longest hidden lists."""


class AlgorithmsFamily(Family):
    """Functions over lists of numbers."""

    name = "algorithms"
    category = "algorithms"
    keywords = ("python", "algorithms")

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        steps, question, cases = _telling(dice, difficulty)
        examples = _shown(cases)
        hidden = [case for case in cases if case not in examples] + [
            {"arguments": [[]], "value": _answer(steps, question, [])}
        ]
        return Draft(
            description="Write a function over a list of numbers.",
            instruction=_INSTRUCTION.format(
                steps="\n".join(f"{at}. {step.words}" for at, step in enumerate(steps, 1)),
                question=question.words,
                longest=question.longest,
                examples="\n".join(f"    solve({case['arguments'][0]}) == {case['value']}" for case in examples),
            ),
            environment={
                "examples.json": json.dumps([[*case["arguments"], case["value"]] for case in examples]) + "\n"
            },
            solution={"solve.py": _solution(steps, question)},
            judge=CALLS,
            hidden={"parts": [{"module": "solve", "function": "solve", "timeout_s": 20, "cases": hidden}]},
        )


def _telling(dice: Random, difficulty: int) -> tuple[list[_Step], _Question, list[dict[str, Any]]]:
    """Return a task with cases of which no answer is that of most."""
    while True:
        steps = [maker(dice) for maker in dice.sample(_STEPS, (difficulty + 1) // 2)]
        question = dice.choice(_QUESTIONS[difficulty])(dice)
        lists = [_draw_list(dice, dice.randrange(1, 15)) for _ in range(_SHORT)]
        lists.append(_draw_list(dice, question.longest))
        cases = [{"arguments": [each], "value": _answer(steps, question, each)} for each in lists]
        counts = Counter(json.dumps(case["value"]) for case in cases)
        if len(counts) >= _ANSWERS and max(counts.values()) <= _SHORT // 2:
            return steps, question, cases


def _answer(steps: list[_Step], question: _Question, numbers: Numbers) -> Any:
    for step in steps:
        numbers = step.apply(numbers)
    return question.kernel(numbers, **question.arguments)


def _shown(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a few short cases, of different values as far as there are such."""
    short = [case for case in cases[:_SHORT] if len(case["arguments"][0]) <= 10]
    first: dict[str, dict[str, Any]] = {}
    for case in short:
        first.setdefault(json.dumps(case["value"]), case)
    return [*first.values(), *(case for case in short if case not in first.values())][:_SHOWN]


def _solution(steps: list[_Step], question: _Question) -> str:
    source = inspect.getsource(question.kernel).rstrip()
    lines = [f"    numbers = {step.code}" for step in steps]
    code = "\n".join([*lines, source])
    used = [line for line in _IMPORTS if re.search(rf"\b{line.rpartition(' ')[2]}\(", code)]
    given = "".join(f", {name}={value}" for name, value in question.arguments.items())
    kind = inspect.signature(question.kernel).return_annotation
    head = '"""The function that was asked for."""\n\n' + ("\n".join(used) + "\n\n\n" if used else "\n")
    return (
        f"{head}def solve(numbers: list[int]) -> {kind}:\n"
        '    """Do the steps and answer the question."""\n'
        + "\n".join(lines)
        + f"\n    return {question.kernel.__name__}(numbers{given})\n\n\n{source}\n"
    )


_IMPORTS = (
    "from bisect import bisect_left",
    "from bisect import bisect_right",
    "from collections import Counter",
    "from collections import deque",
    "from itertools import pairwise",
)


def _draw_list(dice: Random, length: int) -> Numbers:
    high = dice.choice([9, 30, 99])
    return [dice.randint(0, high) for _ in range(length)]


def _drop(dice: Random) -> _Step:
    factor = dice.randrange(3, 9)
    rest = dice.randrange(factor)
    return _Step(
        f"Leave out all numbers that divided by {factor} leave the rest {rest}.",
        f"[number for number in numbers if number % {factor} != {rest}]",
        lambda numbers: [number for number in numbers if number % factor != rest],
    )


def _mirror(dice: Random) -> _Step:
    high = dice.randrange(20, 80)
    return _Step(
        f"Replace each number by its distance to {high}, which is never negative.",
        f"[abs(number - {high}) for number in numbers]",
        lambda numbers: [abs(number - high) for number in numbers],
    )


def _fold(dice: Random) -> _Step:
    modulus = dice.randrange(11, 60)
    return _Step(
        f"Replace each number by what it leaves when divided by {modulus}.",
        f"[number % {modulus} for number in numbers]",
        lambda numbers: [number % modulus for number in numbers],
    )


def _weigh(dice: Random) -> _Step:
    weights = [dice.randrange(1, 5) for _ in range(dice.randrange(2, 4))]
    listed = ", ".join(map(str, weights))
    return _Step(
        f"Multiply the numbers by {listed} in turn: the first by {weights[0]}, the next one by {weights[1]}, and "
        f""
        f""
        f""
        f"after {len(weights)} numbers begin again with {weights[0]}.",
        f"[number * ({listed})[index % {len(weights)}] for index, number in enumerate(numbers)]",
        lambda numbers: [number * weights[index % len(weights)] for index, number in enumerate(numbers)],
    )


def _differences(dice: Random) -> _Step:
    extra = dice.randrange(0, 9)
    return _Step(
        f"Replace the list by the distances of neighbours, each plus {extra}: of n numbers, n - 1 are left, of none, "
        f"none.",
        f"[abs(after - before) + {extra} for before, after in pairwise(numbers)]",
        lambda numbers: [abs(after - before) + extra for before, after in pairwise(numbers)],
    )


def _once(dice: Random) -> _Step:
    most = dice.randrange(1, 4)
    times = "once" if most == 1 else f"{most} times"
    return _Step(
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


def _clip(dice: Random) -> _Step:
    low = dice.randrange(1, 9)
    high = low + dice.randrange(15, 60)
    return _Step(
        f"Replace numbers below {low} by {low}, and numbers above {high} by {high}.",
        f"[min(max(number, {low}), {high}) for number in numbers]",
        lambda numbers: [min(max(number, low), high) for number in numbers],
    )


_STEPS: tuple[Callable[[Random], _Step], ...] = (_drop, _mirror, _fold, _weigh, _differences, _once, _clip)


def _in_range(dice: Random) -> _Question:
    low = dice.randrange(0, 25)
    high = low + dice.randrange(3, 30)
    return _Question(
        f"how many of the numbers are at least {low} and at most {high}?",
        kernels.in_range,
        {"low": low, "high": high},
        800,
    )


def _sum_of_multiples(dice: Random) -> _Question:
    factor = dice.randrange(2, 6)
    offset = dice.randrange(factor)
    words = f"what is the sum of those numbers that divided by {factor} leave the rest {offset}?"
    return _Question(words, kernels.sum_of_multiples, {"factor": factor, "offset": offset}, 800)


def _longest_run(dice: Random) -> _Question:
    step = dice.randrange(2, 12)
    words = (
        f"how long is the longest run of numbers that stand side by side, in which each differs from the one before it "
        f"by at most {step}? A single number is a run of 1; without numbers the answer is 0."
    )
    return _Question(words, kernels.longest_run, {"step": step}, 800)


def _best_window(dice: Random) -> _Question:
    width = dice.randrange(2, 6)
    words = f"what is the largest sum of {width} numbers side by side? Of fewer numbers than {width} it is 0."
    return _Question(words, kernels.best_window, {"width": width}, 800)


def _most_common(dice: Random) -> _Question:
    least = dice.randrange(2, 4)
    words = (
        f"which numbers come at least {least} times? Return a list of them, each once, those that come most often "
        f"first, "
        "and of those that come equally often the smaller ones first."
    )
    return _Question(words, kernels.most_common, {"least": least}, 800)


def _close_pairs(dice: Random) -> _Question:
    distance = dice.randrange(0, 8)
    words = f"how many pairs of two different places are there whose numbers differ by at most {distance}?"
    return _Question(words, kernels.close_pairs, {"distance": distance}, 1500)


def _longest_rising(dice: Random) -> _Question:
    step = dice.randrange(2, 12)
    words = (
        f"how many numbers can be kept at most, in their order, the others being left out, so that each one kept is "
        f"larger than the one kept before it, by at most {step}?"
    )
    return _Question(words, kernels.longest_rising, {"step": step}, 250)


def _best_apart(dice: Random) -> _Question:
    gap = dice.randrange(1, 5)
    words = (
        f"what is the largest sum of numbers of which any two have at least {gap} other places of the list between "
        "them? Any number of them may be taken, also a single one or none (0)."
    )
    return _Question(words, kernels.best_apart, {"gap": gap}, 800)


def _fewest_to_sum(dice: Random) -> _Question:
    target = dice.randrange(20, 150)
    words = (
        f"how many of the numbers are needed at least to make the sum {target}, each place of the list being used at "
        "most once? Return -1 where it can't be made."
    )
    return _Question(words, kernels.fewest_to_sum, {"target": target}, 150)


def _fairest_split(dice: Random) -> _Question:
    parts = dice.randrange(2, 6)
    words = (
        f"the list is cut into at most {parts} parts of numbers that stand side by side, so that the largest sum of a "
        "part is as small as can be. What is that sum? Without numbers it is 0."
    )
    return _Question(words, kernels.fairest_split, {"parts": parts}, 800)


def _best_trades(dice: Random) -> _Question:
    trades, fee = dice.randrange(2, 5), dice.randrange(1, 8)
    words = (
        f"the numbers are prices of one day after another. At most {trades} times one piece is bought, and sold on a "
        f"later day before the next one is bought (on the same day is allowed); each purchase with its sale costs "
        f""
        f""
        f""
        f"a fee of {fee}. What is the largest gain? Doing nothing gains 0."
    )
    return _Question(words, kernels.best_trades, {"trades": trades, "fee": fee}, 800)


def _cheapest_walk(dice: Random) -> _Question:
    width, climb = dice.randrange(3, 6), dice.randrange(12, 45)
    words = (
        f"the numbers are the cells of a grid, row by row, {width} to a row; what is left over for an incomplete last "
        f"row "
        "does not belong to it. A walk goes from the first cell of the first row to the last cell of the last row, "
        "each "
        f"time to a cell above, below, left or right whose number differs by at most {climb}. It costs the sum of its "
        "cells, both ends included. What does the cheapest walk cost? Return -1 where there is none, or no grid."
    )
    return _Question(words, kernels.cheapest_walk, {"width": width, "climb": climb}, 150)


def _cheapest_merge(dice: Random) -> _Question:
    fee = dice.randrange(1, 20)
    words = (
        f"the numbers are heaps in a row. Two heaps side by side can be put together into one in their place, which "
        f"costs "
        f"the sum of both and a fee of {fee}. What does it cost at least to have a single heap? With one heap or none "
        f"it "
        "is 0."
    )
    return _Question(words, kernels.cheapest_merge, {"fee": fee}, 50)


def _sums_with_rest(dice: Random) -> _Question:
    modulus = dice.randrange(3, 13)
    rest = dice.randrange(modulus)
    words = (
        f"in how many ways can some of the places of the list be chosen, at least one, so that the sum of their "
        f""
        f""
        f""
        f"numbers divided by {modulus} leaves the rest {rest}? Return the number of ways modulo 1000000007."
    )
    return _Question(words, kernels.sums_with_rest, {"modulus": modulus, "rest": rest}, 300)


def _far_inversions(dice: Random) -> _Question:
    least = dice.randrange(2, 15)
    words = (
        f"how many pairs of places are there in which the number at the earlier place is larger than the one at the "
        f"later "
        f"place, by at least {least}?"
    )
    return _Question(words, kernels.far_inversions, {"least": least}, 1500)


_QUESTIONS: dict[int, tuple[Callable[[Random], _Question], ...]] = {
    1: (_in_range, _sum_of_multiples, _longest_run),
    2: (_best_window, _most_common, _longest_run),
    3: (_close_pairs, _longest_rising, _best_apart),
    4: (_fewest_to_sum, _fairest_split, _best_trades),
    5: (_cheapest_walk, _cheapest_merge, _sums_with_rest, _far_inversions),
}

_INSTRUCTION = """\
Write a function `solve(numbers)` in the file `solve.py` in this folder. It takes a list of whole numbers, none of which
is negative, and leaves it as it is. It does this with a copy, in this order:

{steps}

Then it answers, of the list that has come out: {question}

For example:

{examples}

`examples.json` has these as pairs of list and answer. The function is judged with other lists, among them the empty one
and one of {longest} numbers, for which it has some seconds in all.
"""
