"""Family `refactoring`: change the form of a small program by orders, and nothing that it computes.

What grows with the difficulty: the program (five to thirteen functions in three to five modules) and the orders (one to
five), of these kinds: rename a function, move one, name a number that stands in several places, make a number a
parameter that every call gives by name, and take a function out that only calls another one.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import REFACTORING
from claudebox_rl.tasks.procedural.orders import NothingFitsError, draw_orders
from claudebox_rl.tasks.procedural.program import Program, draw_program

_SHOWN, _HIDDEN = 3, 25


class RefactoringFamily(Family):
    """Orders to change a program without changing what it does."""

    name = "refactoring"
    version = 2
    category = "refactoring"
    keywords = ("python", "refactoring")

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        before, after, orders = _draw(dice, difficulty)
        lists = [[dice.randrange(400) for _ in range(dice.randrange(1, 12))] for _ in range(_SHOWN + _HIDDEN)]
        run = before.runner()
        cases = [{"arguments": [each], "value": before.report(run, each)} for each in lists]
        examples = "\n".join(f"    report({case['arguments'][0]}) == {case['value']}" for case in cases[:_SHOWN])
        listed = "\n".join(f"{at}. {order}" for at, order in enumerate(orders, 1))
        changed = _changed(before, after)
        return Draft(
            description=f"Refactor a program of {len(before.modules())} modules.",
            instruction=_INSTRUCTION.format(orders=listed, examples=examples),
            environment=before.files(),
            solution=changed,
            judge=REFACTORING,
            hidden={**_wanted(before, after), "parts": [_part("app", "report", cases[_SHOWN:]), *_single(dice, after)]},
        )


def _draw(dice: Random, difficulty: int) -> tuple[Program, Program, list[str]]:
    """Return a program before and after orders, and the orders."""
    while True:
        before = draw_program(dice, 3 + 2 * difficulty, 2 + (difficulty + 1) // 2)
        with suppress(NothingFitsError):
            return before, *draw_orders(dice, before, difficulty)


def _changed(before: Program, after: Program) -> dict[str, str]:
    old = before.files()
    return {path: text for path, text in after.files().items() if old.get(path) != text}


def _wanted(before: Program, after: Program) -> dict[str, Any]:
    """Return what the code has to look like: functions by module, what must be gone, and where numbers stand."""
    functions: dict[str, dict[str, Any]] = {module: {} for module in after.modules()}
    for function in after.functions:
        given = [function.parameter[0]] if function.parameter else []
        functions[function.module][function.name] = {"positional": ["value"], "by_name": given}
    functions["app"] = {"report": {"positional": ["values"], "by_name": []}}
    now = {function.name for function in after.functions}
    gone = [function.name for function in before.functions if function.name not in now]
    return {"functions": functions, "gone": gone, "constants": after.constants}


def _part(module: str, function: str, cases: list[dict[str, Any]], by_name: str = "") -> dict[str, Any]:
    return {"module": module, "function": function, "by_name": by_name, "timeout_s": 10, "cases": cases}


def _single(dice: Random, after: Program) -> list[dict[str, Any]]:
    """Return calls of the single functions; those with a number by name get others than their own too."""
    parts: list[dict[str, Any]] = []
    run = after.runner()
    for function in after.functions:
        arguments = [[value] for value in dice.sample(range(900), 12)]
        if function.parameter:
            arguments = [[*each, number] for each in arguments[:6] for number in _numbers(dice, function.parameter[1])]
        cases = [{"arguments": each, "value": run(function.name, *each)} for each in arguments]
        parts.append(_part(function.module, function.name, cases, function.parameter[0] if function.parameter else ""))
    return parts


def _numbers(dice: Random, own: int) -> list[int]:
    return [own, own + dice.randrange(1, 50)]


_INSTRUCTION = """\
The program in this folder is to be rebuilt, step by step. What it computes stays the same: `report` in `app.py` and
every function that is not named below return what they returned, stay in their modules and keep their parameters. No
further function is added.

{orders}

Afterwards all modules use the new names and places, and nothing is left of the old ones, not even under a second name
or in a text.

For example:

{examples}

Both are judged: what the program computes, also with other lists, and what its modules look like.
"""
