"""The grammar: each method reads one row of the table and returns a function from variables to a value."""

from fractions import Fraction

from formula.errors import FormulaError
from formula.tokens import tokens
from formula.values import calculate, number, truth


class Parser:
    """Reads a formula."""

    def __init__(self, text):
        self._tokens = tokens(text)
        self._at = 0

    def parse(self):
        """Read it all."""
        formula = self._or()
        if self._tokens[self._at][0] != "end":
            raise FormulaError(f"not expected: {self._tokens[self._at][1]!r}")
        return formula

    def _next(self, *operators):
        kind, text = self._tokens[self._at]
        if kind == "operator" and text in operators:
            self._at += 1
            return text
        return None

    def _or(self):
        left = self._and()
        while self._next("or"):
            left = _either(left, self._and())
        return left

    def _and(self):
        left = self._not()
        while self._next("and"):
            left = _both(left, self._not())
        return left

    def _not(self):
        if self._next("not"):
            inner = self._primary()
            return lambda variables: not truth(inner(variables))
        return self._comparison()

    def _comparison(self):
        left = self._sum()
        operator = self._next("=", "<", ">")
        return _binary(operator, left, self._sum()) if operator else left

    def _sum(self):
        left = self._product()
        if operator := self._next("+", "-"):
            return _binary(operator, left, self._sum())
        return left

    def _product(self):
        left = self._power()
        while operator := self._next("*", "/", "%"):
            left = _binary(operator, left, self._power())
        return left

    def _negative(self):
        if self._next("-"):
            inner = self._primary()
            return lambda variables: -number(inner(variables))
        return self._primary()

    def _power(self):
        left = self._negative()
        while self._next("^"):
            left = _binary("^", left, self._negative())
        return left

    def _primary(self):
        if self._next("("):
            inner = self._or()
            if not self._next(")"):
                raise FormulaError("a parenthesis is not closed")
            return inner
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return lambda variables: Fraction(text)
        if kind == "name":
            return lambda variables: _known(variables, text)
        raise FormulaError(f"not expected: {text!r}")


def _known(variables, name):
    if name not in variables:
        raise FormulaError(f"an unknown name: {name}")
    return variables[name]


def _binary(operator, left, right):
    return lambda variables: calculate(operator, left(variables), right(variables))


def _both(left, right):
    return lambda variables: all([truth(left(variables)), truth(right(variables))])


def _either(left, right):
    return lambda variables: any([truth(left(variables)), truth(right(variables))])
