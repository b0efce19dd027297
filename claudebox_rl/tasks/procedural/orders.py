"""Orders to rebuild a program, each in words, and what the program is afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from claudebox_rl.tasks.procedural.program import Function, Program

_NEW = ("combine", "convert", "estimate", "join", "map", "merge", "reduce", "resolve", "settle", "spread")
_THINGS = ("basis", "cost", "effort", "limit", "output", "plan", "result", "step", "target", "worth")
_PARAMETERS = ("bound", "cap", "factor", "gain", "lift", "offset", "rest", "span", "surplus")
_CONSTANTS = ("CEILING", "FULL_SCALE", "GRAND_TOTAL", "HORIZON", "TURNING_POINT")

Order = Callable[[Random, Program, set[str]], tuple[Program, str]]
"""Takes the functions that orders have named already: no function is named by two."""


class NothingFitsError(Exception):
    """No function of the program is left that an order could be about."""


def draw_orders(dice: Random, program: Program, amount: int) -> tuple[Program, list[str]]:
    """Return the program after so many orders, and the orders in words.

    Raises:
        NothingFitsError: Another program has to be drawn.
    """
    named: set[str] = set()
    words: list[str] = []
    # Which function only calls another is told from the start: an order may change the one that it calls.
    for order in dice.sample(_ORDERS, amount):
        program, told = order(dice, program, named)
        words.append(told)
    return program, words


def _free(dice: Random, program: Program, named: set[str], fits: Callable[[Function], bool]) -> Function:
    """Return a function that fits and that no order has named, and note its name."""
    fitting = [each for each in program.functions if each.name not in named and fits(each)]
    if not fitting:
        raise NothingFitsError
    chosen = dice.choice(fitting)
    named.add(chosen.name)
    return chosen


def _put(program: Program, name: str, function: Function | None) -> Program:
    """Return the program with another function in the place of one, or without it."""
    new = [function if each.name == name else each for each in program.functions]
    return replace(program, functions=tuple(each for each in new if each is not None))


def _is_wrapper(function: Function) -> bool:
    return len(function.callees) == 1 and not function.numbers


def _rename(dice: Random, program: Program, named: set[str]) -> tuple[Program, str]:
    function = _free(dice, program, named, lambda each: not _is_wrapper(each))
    new = f"{dice.choice(_NEW)}_{dice.choice(_THINGS)}"
    named.add(new)
    renamed = _put(program, function.name, replace(function, name=new))
    words = f"The function `{function.name}` in `{function.module}.py` is called `{new}`."
    return _redirected(renamed, function.name, new), words


def _redirected(program: Program, old: str, new: str) -> Program:
    """Return the program in which a function is called instead of another."""
    functions = tuple(
        replace(each, body=tuple(line.replace(f"{old}!(", f"{new}!(") for line in each.body))
        for each in program.functions
    )
    last = tuple(new if name == old else name for name in program.last)
    return replace(program, functions=functions, last=last)


def _move(dice: Random, program: Program, named: set[str]) -> tuple[Program, str]:
    function = _free(dice, program, named, lambda each: not _is_wrapper(each))
    target = dice.choice([module for module in program.homes if module != function.module])
    words = f"The function `{function.name}` moves from `{function.module}.py` to `{target}.py`."
    return _put(program, function.name, replace(function, module=target)), words


def _name_number(dice: Random, program: Program, named: set[str]) -> tuple[Program, str]:
    del named
    counts: dict[int, int] = {}
    for function in program.functions:
        for number in function.numbers:
            counts[number] = counts.get(number, 0) + 1
    number = max(each for each in counts if counts[each] > 1)
    name = dice.choice(_CONSTANTS)
    words = (
        f"The number {number} stands in no module but a new one, `constants.py`, as `{name}`, and is taken from there "
        "wherever it is needed."
    )
    return replace(program, constants={name: number}), words


def _parametrize(dice: Random, program: Program, named: set[str]) -> tuple[Program, str]:
    counts = [number for function in program.functions for number in function.numbers]
    single = {number for number in counts if counts.count(number) == 1}

    def fits(function: Function) -> bool:
        return len(single.intersection(function.numbers)) > 0 and len(function.numbers) == len(set(function.numbers))

    function = _free(dice, program, named, fits)
    number = dice.choice([each for each in function.numbers if each in single])
    name = dice.choice(_PARAMETERS)
    words = (
        f"The function `{function.name}` in `{function.module}.py` takes the number {number} as a second parameter, "
        f"`{name}`, which can only be given by name and has no default; every call gives `{name}={number}`."
    )
    return _put(program, function.name, replace(function, parameter=(name, number))), words


def _take_out(dice: Random, program: Program, named: set[str]) -> tuple[Program, str]:
    function = _free(dice, program, named, _is_wrapper)
    callee = function.callees[0]
    words = (
        f"The function `{function.name}` in `{function.module}.py`, which only calls another one, is taken out: its "
        "callers call the other one themselves."
    )
    return _redirected(_put(program, function.name, None), function.name, callee), words


_ORDERS: tuple[Order, ...] = (_rename, _move, _name_number, _parametrize, _take_out)
