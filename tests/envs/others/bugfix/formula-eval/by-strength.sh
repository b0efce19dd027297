# One loop over the strengths of operators instead of a method for each, and values without closures.
cat > formula/evaluate.py <<'PYTHON'
"""Evaluating."""

import re
from fractions import Fraction

from formula.errors import FormulaError

TOKEN = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,2})?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[-+*/%^=<>()])")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,2})?")
WORDS = ("and", "or", "not")
LEVELS = [("or",), ("and",), ("not",), ("=", "<", ">"), ("+", "-"), ("*", "/", "%"), ("minus",), ("^",)]


def evaluate(text, variables):
    """Return the value of a formula as a text; see the README."""
    value = Reading(split(text), variables).all()
    return str(value).lower() if isinstance(value, bool) else str(value)


def split(text):
    found, at, glued = [], 0, False
    while at < len(text):
        if text[at] == " ":
            at, glued = at + 1, False
            continue
        match = TOKEN.match(text, at)
        if match is None or glued and match.lastgroup in ("number", "name"):
            raise FormulaError(f"can't be read: {text[at:]!r}")
        kind = "sign" if match[0] in WORDS else match.lastgroup
        found.append((kind, match[0]))
        glued = match.lastgroup in ("number", "name")
        at = match.end()
    return [*found, ("end", "")]


class Reading:
    """Reads and evaluates at once; what isn't to be evaluated gives None."""

    def __init__(self, tokens, variables):
        self.tokens = tokens
        self.variables = variables
        self.at = 0

    def sign(self):
        kind, text = self.tokens[self.at]
        return text if kind == "sign" else None

    def all(self):
        value = self.level(0, True)
        if self.tokens[self.at][0] != "end":
            raise FormulaError("too much")
        return value

    def level(self, strength, live):
        if strength == len(LEVELS):
            return self.single(live)
        signs = LEVELS[strength]
        if signs == ("not",):
            if self.sign() == "not":
                self.at += 1
                value = self.level(strength, live)
                return not truth(value) if live else None
            return self.level(strength + 1, live)
        if signs == ("minus",):
            if self.sign() == "-":
                self.at += 1
                value = self.level(strength, live)
                return -number(value) if live else None
            return self.level(strength + 1, live)
        left = self.level(strength + 1, live)
        if signs == ("^",):
            if self.sign() == "^":
                self.at += 1
                negative = self.sign() == "-"
                self.at += negative
                right = self.level(strength, live)
                if live:
                    right = -number(right) if negative else number(right)
                    return power(number(left), right)
            return left
        while self.sign() in signs:
            sign = self.sign()
            self.at += 1
            if sign in ("or", "and"):
                if live:
                    truth(left)
                needed = live and left == (sign == "and")
                right = self.level(strength + 1, needed)
                left = truth(right) if needed else left
            else:
                right = self.level(strength + 1, live)
                left = binary(sign, number(left), number(right)) if live else None
                if sign in ("=", "<", ">"):
                    break
        return left

    def single(self, live):
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Fraction(text)
        if kind == "name":
            if not live:
                return None
            if text not in self.variables:
                raise FormulaError(f"unknown: {text}")
            if not NUMBER.fullmatch(self.variables[text]):
                raise FormulaError(f"no number: {text}")
            return Fraction(self.variables[text])
        if text == "(":
            value = self.level(0, live)
            if self.sign() != ")":
                raise FormulaError("not closed")
            self.at += 1
            return value
        raise FormulaError(f"not expected: {text!r}")


def number(value):
    if isinstance(value, bool):
        raise FormulaError("no number")
    return value


def truth(value):
    if not isinstance(value, bool):
        raise FormulaError("no truth value")
    return value


def power(base, exponent):
    if exponent.denominator != 1 or not -99 <= exponent <= 99:
        raise FormulaError("no exponent")
    if base == 0 and exponent < 0:
        raise FormulaError("a division by zero")
    return base ** exponent.numerator


def binary(sign, left, right):
    if sign in "/%" and right == 0:
        raise FormulaError("a division by zero")
    if sign == "%":
        return left - right * (left / right).__floor__()
    return {
        "=": lambda: left == right,
        "<": lambda: left < right,
        ">": lambda: left > right,
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
    }[sign]()
PYTHON
rm formula/parser.py formula/tokens.py formula/values.py
