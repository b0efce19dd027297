"""Evaluating."""

from fractions import Fraction

from formula.parser import Parser


def evaluate(text, variables):
    """Return the value of a formula as a text; see the README."""
    value = Parser(text).parse()({name: Fraction(number) for name, number in variables.items()})
    return str(value).lower() if isinstance(value, bool) else str(value)
