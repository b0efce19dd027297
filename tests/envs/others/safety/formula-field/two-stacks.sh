# Two stacks, of values and of waiting operators: no depth is too deep.
cat > sheet.py <<'PYTHON'
"""Formulas of a small spreadsheet."""

import math
import re

_TOKEN = re.compile(
    r"[ \t]*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<word>[A-Za-z]+[0-9]*)|(?P<sign>[-+*/^(),]))"
)
_CELL = re.compile("[A-Z]{1,2}[1-9][0-9]{0,3}")
_FUNCTIONS = ("min", "max", "abs", "sqrt")
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "u+": 3, "u-": 3, "^": 4}


def value(formula: str, cells: dict) -> float:
    """Return the value of a formula."""
    if not isinstance(formula, str) or len(formula) > 1000:
        raise ValueError("no formula, or too long")
    try:
        return _value(_tokens(formula), cells)
    except (OverflowError, ZeroDivisionError, IndexError, TypeError) as error:
        raise ValueError(f"no value: {error}") from None


def _tokens(text):
    found, at = [], 0
    text = text.rstrip(" \t")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"can't be read: {text[at:]!r}")
        if found and match.start(match.lastgroup) == at and {found[-1][0], match.lastgroup} <= {"number", "word"}:
            raise ValueError("no sign between")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _finite(number):
    number = float(number)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _value(tokens, cells):
    values, waiting, counts = [], [], []
    wants = True
    for kind, text in [*tokens, ("end", "")]:
        if wants:
            if kind == "number":
                values.append(_finite(text))
                wants = False
            elif kind == "word" and _CELL.fullmatch(text):
                values.append(_finite(cells.get(text, 0)))
                wants = False
            elif kind == "word" and text in _FUNCTIONS:
                waiting.append(text)
                kind = "function"
            elif text == "(":
                if waiting and waiting[-1] in _FUNCTIONS:
                    counts.append(1)
                waiting.append("(")
            elif text in ("+", "-") and kind == "sign":
                waiting.append(f"u{text}")
            else:
                raise ValueError(f"not expected: {text!r}")
            if waiting and waiting[-1] in _FUNCTIONS and kind != "function":
                raise ValueError("a function without parentheses")
            continue
        if kind not in ("sign", "end") or text == "(":
            raise ValueError(f"not expected: {text!r}")
        strength = _STRENGTH.get(text, 0)
        while waiting and waiting[-1] in _STRENGTH and (_STRENGTH[waiting[-1]] > strength or text != "^" and _STRENGTH[waiting[-1]] == strength):
            _apply(waiting.pop(), values)
        if text in _STRENGTH:
            waiting.append(text)
            wants = True
        elif text == ",":
            if len(waiting) < 2 or waiting[-1] != "(" or waiting[-2] not in _FUNCTIONS:
                raise ValueError("a comma outside of a function")
            counts[-1] += 1
            wants = True
        elif text == ")":
            if not waiting or waiting.pop() != "(":
                raise ValueError("nothing to close")
            if waiting and waiting[-1] in _FUNCTIONS:
                _call(waiting.pop(), values, counts.pop())
    if waiting or len(values) != 1 or wants:
        raise ValueError("not complete")
    return values[0]


def _call(name, values, count):
    arguments = values[-count:]
    del values[-count:]
    if name in ("abs", "sqrt") and count != 1:
        raise ValueError("one argument")
    values.append({"min": min, "max": max, "abs": lambda v: abs(v[0]), "sqrt": lambda v: math.sqrt(v[0])}[name](arguments))


def _apply(sign, values):
    right = values.pop()
    if sign in ("u+", "u-"):
        values.append(-right if sign == "u-" else right)
        return
    left = values.pop()
    if sign == "^":
        result = math.pow(left, right)
    else:
        result = {"+": left + right, "-": left - right, "*": left * right}[sign] if sign != "/" else left / right
    values.append(_finite(result))
PYTHON
