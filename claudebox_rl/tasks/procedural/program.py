"""Small programs of functions that call each other, as values: what they compute, and what their files look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

_VERBS = (
    "adjust", "apply", "balance", "blend", "check", "count", "derive", "fold", "grade", "level", "mark", "measure",
    "pick", "rate", "scale", "shift", "sort", "trim", "turn", "weigh"
)  # fmt: skip
_NOUNS = (
    "batch", "claim", "depth", "entry", "figure", "item", "load", "margin", "order", "parcel", "quota", "range",
    "score", "share", "stage", "tariff", "total", "unit", "volume", "yield_"
)  # fmt: skip
_MODULES = ("figures", "limits", "pricing", "rates", "rules", "stock", "tables", "units", "weights")
_CALL = re.compile(r"(\w+)!\(")
_NUMBER = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one whole number.

    Its body is Python in which `name!(` stands for a call of a function of the program, and `#7` for a number that an
    order may give another form.
    """

    name: str
    module: str
    body: tuple[str, ...]
    parameter: tuple[str, int] | None = None
    """Name of a parameter that each call gives by name, and the number that they give."""

    @property
    def callees(self) -> list[str]:
        """Names of the functions that it calls."""
        return [name for line in self.body for name in _CALL.findall(line)]

    @property
    def numbers(self) -> list[int]:
        """Numbers in its body."""
        return [int(number) for line in self.body for number in _NUMBER.findall(line)]


@dataclass(frozen=True, slots=True)
class Program:
    """Functions in modules, each of which calls only earlier ones; `app.report` calls two."""

    functions: tuple[Function, ...]
    homes: tuple[str, ...]
    """Modules, also those that have no function any more."""
    last: tuple[str, str]
    """What `report` makes of each value, and what it sorts by."""
    constants: dict[str, int] = field(default_factory=dict[str, int])
    """Of the module `constants`."""

    def modules(self) -> list[str]:
        """Return the modules without `app`, `constants` among them where there are some."""
        return sorted({*self.homes, *(["constants"] if self.constants else [])})

    def get(self, name: str) -> Function:
        """Return the function of that name."""
        return next(function for function in self.functions if function.name == name)

    def runner(self) -> Callable[..., int]:
        """Return what computes a function of the program, by its name, its value and, if not its own, its number."""
        scope: dict[str, Any] = {}
        code = "\n\n".join(_definition(each, self._body(each, None)) for each in self.functions)
        exec(compile(code, "<generated>", "exec"), scope)  # made here, of the bodies above

        def run(name: str, value: int, number: int | None = None) -> int:
            given = self.get(name).parameter
            return scope[name](value, **({given[0]: given[1] if number is None else number} if given else {}))

        return run

    def report(self, run: Callable[..., int], values: list[int]) -> list[int]:
        """Compute what `app.report` returns, by the program's runner."""
        made = [(run(self.last[1], value), run(self.last[0], value)) for value in values]
        return [second for _, second in sorted(made)]

    def files(self) -> dict[str, str]:
        """Return the modules: path -> source."""
        texts = {f"{module}.py": self._module(module) for module in self.homes}
        if self.constants:
            lines = [f"{name} = {number}" for name, number in sorted(self.constants.items())]
            texts["constants.py"] = '"""Numbers that several modules need."""\n\n' + "\n".join(lines) + "\n"
        return {**texts, "app.py": self._app()}

    def _module(self, module: str) -> str:
        own = [function for function in self.functions if function.module == module]
        bodies = [self._body(function, module) for function in own]
        used = {self.get(name).module for function in own for name in function.callees} - {module}
        if any("constants." in line for body in bodies for line in body):
            used.add("constants")
        imports = "".join(f"import {name}\n" for name in sorted(used))
        head = f'"""The {module} of the program."""\n' + (f"\n{imports}" if imports else "")
        return "\n\n".join([head, *(_definition(each, body) for each, body in zip(own, bodies, strict=True))])

    def _app(self) -> str:
        made, key = (self._call(name, "app", "value") for name in self.last)
        used = sorted({self.get(name).module for name in self.last})
        imports = "".join(f"import {name}\n" for name in used)
        return (
            f'"""The report."""\n\n{imports}\n\ndef report(values):\n'
            '    """Return what becomes of each value, in the order of their keys."""\n'
            f"    made = [({key}, {made}) for value in values]\n    return [second for _, second in sorted(made)]\n"
        )

    def _body(self, function: Function, module: str | None) -> list[str]:
        """Return the body as it stands in a module; None: in a program of one module without constants."""
        names = {number: name for name, number in self.constants.items()} if module else {}

        def number(match: re.Match[str]) -> str:
            found = int(match[1])
            if function.parameter and function.parameter[1] == found:
                return function.parameter[0]
            return f"constants.{names[found]}" if found in names else match[1]

        return [_NUMBER.sub(number, self._calls(line, module)) for line in function.body]

    def _calls(self, line: str, module: str | None) -> str:
        """Put calls in place of their marks: with the module's name, and what is given by name."""
        while match := _CALL.search(line):
            end = _end(line, match.end())
            call = self._call(match[1], module, line[match.end() : end])
            line = line[: match.start()] + call + line[end + 1 :]
        return line

    def _call(self, name: str, module: str | None, argument: str) -> str:
        function = self.get(name)
        place = "" if module in (None, function.module) else f"{function.module}."
        given = f", {function.parameter[0]}={function.parameter[1]}" if function.parameter else ""
        return f"{place}{name}({argument}{given})"


def _definition(function: Function, body: list[str]) -> str:
    given = f", *, {function.parameter[0]}" if function.parameter else ""
    lines = "\n".join(f"    {line}" for line in body)
    return f"def {function.name}(value{given}):\n{lines}\n"


def _end(line: str, at: int) -> int:
    """Return where the bracket closes that was opened before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        at += 1
    return at - 1


def draw_program(dice: Random, num_functions: int, num_modules: int) -> Program:
    """Return a program in which every function is called, one only calls another, and one number stands twice."""
    homes = tuple(sorted(dice.sample(_MODULES, num_modules)))
    verbs, nouns = dice.sample(_VERBS, num_functions), [dice.choice(_NOUNS) for _ in range(num_functions)]
    names = [f"{verb}_{noun}".rstrip("_") for verb, noun in zip(verbs, nouns, strict=True)]
    shared = dice.randrange(1000, 10000)
    functions: list[Function] = []
    uncalled: list[str] = []
    for at, name in enumerate(names):
        if at < 2:
            body = _shared_leaf(dice, shared)
        elif at == 2:
            body = (f"return {uncalled.pop(0)}!(value)",)
        elif len(uncalled) > num_functions - at or (len(uncalled) > 1 and dice.random() < 0.4):
            body = _joint(dice, uncalled.pop(0), uncalled.pop(0))
        else:
            body = _leaf(dice)
        functions.append(Function(name, dice.choice(homes), body))
        uncalled.append(name)
    # The number of functions is odd, so that two are left.
    return Program(tuple(functions), homes, (uncalled[1], uncalled[0]))


def _shared_leaf(dice: Random, shared: int) -> tuple[str, ...]:
    low = dice.randrange(2, 60)
    return dice.choice(
        [
            (f"return (value * #{low} + 1) % #{shared}",),
            (f"total = value + #{low}", f"return abs(#{shared} - total * 7)"),
            (f"return min(value * value, #{shared}) + #{low}",),
        ]
    )


def _leaf(dice: Random) -> tuple[str, ...]:
    first, second = dice.sample(range(11, 100), 2)
    return dice.choice(
        [
            (f"return value * #{first} + #{second}",),
            ("if value % 2:", f"    return value + #{first}", f"return abs(value - #{second})"),
            (f"return max(#{min(first, second)}, min(value, #{max(first, second) * 10}))",),
            (
                "total = 0",
                "while value > 0:",
                f"    total += value % #{first}",
                f"    value //= #{first}",
                "return total",
            ),
            ("digits = [int(digit) for digit in str(value)]", f"return sum(digits) * #{first}"),
        ]
    )


def _joint(dice: Random, first: str, second: str) -> tuple[str, ...]:
    number = dice.randrange(101, 1000)
    return dice.choice(
        [
            (f"return {first}!({second}!(value)) % #{number}",),
            (f"return {first}!(value) + {second}!(value) * #{number}",),
            (f"if value > #{number}:", f"    return {first}!(value - #{number})", f"return {second}!(value)"),
        ]
    )
