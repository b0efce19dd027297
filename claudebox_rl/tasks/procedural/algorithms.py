"""Family `algorithms`: write a function over a list of whole numbers that is told in steps.

A task is made of steps that change the list, and of one question about what comes out. What grows with the difficulty:
the number of steps (one to three) and the question, from counting (1) over windows (2), sorting and short dynamic
programs (3) to knapsacks, splits and trades (4) and grids, intervals and counting modulo a number (5). Long hidden
lists rule out trying everything. Hidden answers change with each step that is left out, and with each number of the
question that is one off.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import CALLS
from claudebox_rl.tasks.procedural.list_questions import QUESTIONS, Question
from claudebox_rl.tasks.procedural.list_steps import STEPS, Numbers, Step

_SHORT, _SHOWN = 40, 4
_ANSWERS = 6
"""Different answers of a task's cases: those that the examples show are not to be enough."""


class AlgorithmsFamily(Family):
    """Functions over lists of numbers."""

    name = "algorithms"
    version = 2
    category = "algorithms"
    keywords = ("python", "algorithms")

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        steps, question, cases = _telling(dice, difficulty)
        examples = _shown(cases)
        hidden = [case for case in cases if case not in examples] + [
            {"arguments": [[]], "value": question.answer(_changed(steps, []))}
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


def _telling(dice: Random, difficulty: int) -> tuple[list[Step], Question, list[dict[str, Any]]]:
    """Return a task with cases of which no answer is that of most, and which need all that it tells."""
    ask = dice.choice(QUESTIONS[difficulty])
    while True:
        question = ask(dice)
        steps = [maker(dice) for maker in dice.sample(STEPS, (difficulty + 1) // 2)]
        lists = [_draw_list(dice, dice.randrange(1, 15)) for _ in range(_SHORT)]
        lists.append(_draw_list(dice, question.longest))
        cases = [{"arguments": [each], "value": question.answer(_changed(steps, each))} for each in lists]
        counts = Counter(json.dumps(case["value"]) for case in cases)
        if len(counts) >= _ANSWERS and max(counts.values()) <= _SHORT // 2 and _all_matters(steps, question, cases):
            return steps, question, cases


def _all_matters(steps: list[Step], question: Question, cases: list[dict[str, Any]]) -> bool:
    """Whether hidden cases refuse an answer without one of the steps, and each mistaken answer to the question."""
    shown = _shown(cases)
    fewer = [[step for step in steps if step is not each] for each in steps]
    mistaken = [(each, question.answer) for each in fewer] + [(steps, answer) for answer in question.mistaken()]
    for case in cases:
        if case not in shown:
            numbers = case["arguments"][0]
            mistaken = [each for each in mistaken if each[1](_changed(each[0], numbers)) == case["value"]]
    return not mistaken


def _changed(steps: list[Step], numbers: Numbers) -> Numbers:
    for step in steps:
        numbers = step.apply(numbers)
    return numbers


def _shown(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a few short cases, of different values as far as there are such."""
    short = [case for case in cases[:_SHORT] if len(case["arguments"][0]) <= 10]
    first: dict[str, dict[str, Any]] = {}
    for case in short:
        first.setdefault(json.dumps(case["value"]), case)
    return [*first.values(), *(case for case in short if case not in first.values())][:_SHOWN]


def _solution(steps: list[Step], question: Question) -> str:
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
