#!/bin/bash
set -euo pipefail
cat > sheet.py <<'PYTHON'
"""Formulas of a small spreadsheet: tokens, then a shunting-yard, so that no nesting is too deep."""

import math
import operator
import re

_TOKEN = re.compile(
    r"[ \t]*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<cell>[A-Z]{1,2}[1-9][0-9]{0,3}(?![A-Za-z0-9_]))"
    r"|(?P<function>min|max|abs|sqrt)(?=[ \t]*\()|(?P<sign>[-+*/^(),]))"
)
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "sign": 3, "^": 4}
_CALCULATE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": math.pow}
_FUNCTIONS = {"min": min, "max": max, "abs": abs, "sqrt": math.sqrt}


def value(formula: str, cells: dict) -> float:
    """Return the value of a formula of FORMULAS.md.

    Raises:
        ValueError: It is no formula, or has no finite value.
    """
    if len(formula) > 1000:
        raise ValueError("the formula is too long")
    try:
        return _Reader(cells).read(formula)
    except (ArithmeticError, IndexError) as error:
        raise ValueError(f"no value: {error}") from None


class _Reader:
    def __init__(self, cells: dict) -> None:
        self._cells = cells
        self._values: list = []
        self._waiting: list = []  # operators, "(", and (function, number of its arguments)
        self._wants_value = True

    def read(self, formula: str) -> float:
        position, end = 0, len(formula.rstrip(" \t"))
        while position < end:
            token = _TOKEN.match(formula, position)
            if token is None:
                raise ValueError(f"no formula at character {position}")
            self._take(token.lastgroup, token[token.lastgroup])
            position = token.end()
        if self._wants_value:
            raise ValueError("the formula ends too early")
        self._reduce(0)
        if self._waiting:
            raise ValueError("a parenthesis is not closed")
        return self._values[0]

    def _take(self, kind: str, text: str) -> None:
        if (text in "+-" or text == "(" or kind in ("number", "cell", "function")) is not self._wants_value:
            if self._wants_value or text not in "*/^),+-":
                raise ValueError(f"{text!r} is out of place")
        if kind == "number":
            self._push(float(text))
        elif kind == "cell":
            self._push(float(self._cells.get(text, 0.0)))
        elif kind == "function":
            self._waiting.append([text, 1])
        else:
            self._sign(text)

    def _sign(self, text: str) -> None:
        if text == "(":
            self._waiting.append("(")
        elif text in "),":
            self._close(text)
        elif self._wants_value:
            self._waiting.append("sign-" if text == "-" else "sign+")
        else:
            self._reduce(_BINDING[text] + (text == "^"))
            self._waiting.append(text)
            self._wants_value = True

    def _close(self, text: str) -> None:
        self._reduce(0)
        if not self._waiting:
            raise ValueError(f"{text!r} is out of place")
        function = self._waiting[-2] if len(self._waiting) > 1 and isinstance(self._waiting[-2], list) else None
        if text == ",":
            if function is None:
                raise ValueError("a comma outside of a function")
            function[1] += 1
            self._wants_value = True
            return
        self._waiting.pop()
        if function is not None:
            self._waiting.pop()
            self._call(*function)

    def _call(self, name: str, amount: int) -> None:
        if name in ("abs", "sqrt") and amount != 1:
            raise ValueError(f"{name} has one argument")
        arguments = self._values[-amount:]
        del self._values[-amount:]
        self._push(_FUNCTIONS[name](*arguments) if amount > 1 or name in ("abs", "sqrt") else arguments[0])

    def _reduce(self, binding: int) -> None:
        """Carry out what waits and binds at least as much."""
        while self._waiting and isinstance(self._waiting[-1], str) and self._waiting[-1] != "(":
            waiting = self._waiting[-1]
            if _BINDING["sign" if waiting.startswith("sign") else waiting] < binding:
                return
            self._waiting.pop()
            last = self._values.pop()
            if waiting.startswith("sign"):
                self._push(-last if waiting == "sign-" else last)
            else:
                self._push(_CALCULATE[waiting](self._values.pop(), last))

    def _push(self, number: float) -> None:
        if not math.isfinite(number):
            raise ValueError("no finite value")
        self._values.append(number)
        self._wants_value = False
PYTHON
python3 -m unittest --quiet
