"""Values and what operators make of them."""

from fractions import Fraction

from formula.errors import FormulaError


def number(value):
    """Return a value that must be a number."""
    if isinstance(value, bool):
        raise FormulaError("a truth value where a number is needed")
    return value


def truth(value):
    """Return a value that must be a truth value."""
    if not isinstance(value, bool):
        raise FormulaError("a number where a truth value is needed")
    return value


def remainder(left, right):
    """Return left - right * floor(left / right)."""
    return left - right * int(left / right)


def power(base, exponent):
    """Return a power with a whole exponent."""
    if exponent.denominator != 1 or abs(exponent) > 99:
        raise FormulaError(f"not an exponent: {exponent}")
    return Fraction(base) ** int(exponent)


OPERATIONS = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": remainder,
    "^": power,
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}


def calculate(operator, left, right):
    """Apply an operator to two numbers."""
    try:
        return OPERATIONS[operator](number(left), number(right))
    except ZeroDivisionError:
        raise FormulaError("a division by zero") from None
