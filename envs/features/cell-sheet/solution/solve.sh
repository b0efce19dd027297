#!/bin/bash
set -euo pipefail
cat > sheet/sheet.py <<'PYTHON'
"""The sheet."""

import re

from sheet.names import parse

_TOKEN = re.compile(r" *(?:([0-9]+)|([A-Z]+[0-9]+)|([A-Z]+)|([-+*(),:]))")
_FUNCTIONS = ("SUM", "MIN", "MAX", "COUNT")


class _Formula:
    """A formula as a tree: ("number", n), ("cell", place), ("range", corners), ("negative", x), ("+", a, b), ("SUM", arguments)."""

    def __init__(self, text):
        self._tokens = self._split(text)
        self._at = 0
        self.cells, self.ranges = set(), set()
        self.tree = self._sum()
        if self._at < len(self._tokens):
            raise ValueError("more than a formula")

    @staticmethod
    def _split(text):
        found, at = [], 0
        text = text.rstrip(" ")
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"not a token: {text[at:]!r}")
            found.append((match.lastindex, match[match.lastindex]))
            at = match.end()
        return found

    def _next(self, *texts):
        if self._at < len(self._tokens) and self._tokens[self._at][1] in texts:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _need(self, text):
        if not self._next(text):
            raise ValueError(f"{text!r} is missing")

    def _sum(self):
        left = self._product()
        while operator := self._next("+", "-"):
            left = (operator, left, self._product())
        return left

    def _product(self):
        left = self._factor()
        while self._next("*"):
            left = ("*", left, self._factor())
        return left

    def _factor(self):
        negative = 0
        while self._next("-"):
            negative += 1
        tree = self._atom()
        for _ in range(min(negative, 2 - negative % 2)):
            tree = ("negative", tree)
        return tree

    def _atom(self):
        if self._next("("):
            tree = self._sum()
            self._need(")")
            # In parentheses a cell is an expression like others.
            return ("value", tree)
        if self._at == len(self._tokens):
            raise ValueError("the formula ends")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == 1:
            return ("number", int(text))
        if kind == 2:
            place = parse(text)
            self.cells.add(place)
            return ("cell", place)
        if kind == 3 and text in _FUNCTIONS:
            self._need("(")
            arguments = [self._argument()]
            while self._next(","):
                arguments.append(self._argument())
            self._need(")")
            return (text, arguments)
        raise ValueError(f"not expected: {text!r}")

    def _argument(self):
        tokens = self._tokens[self._at : self._at + 3]
        if [kind for kind, _ in tokens] == [2, 4, 2] and tokens[1][1] == ":":
            self._at += 3
            (left, top), (right, bottom) = parse(tokens[0][1]), parse(tokens[2][1])
            corners = min(left, right), min(top, bottom), max(left, right), max(top, bottom)
            self.ranges.add(corners)
            return ("range", corners)
        return self._sum()


class _Failed(Exception):
    """The value is an error."""


def _covers(corners, place):
    return corners[0] <= place[0] <= corners[2] and corners[1] <= place[1] <= corners[3]


class Sheet:
    """Cells by name."""

    def __init__(self):
        self.computed = 0
        self._texts, self._formulas, self._values = {}, {}, {}
        self._users = {}  # by cell: places of formulas that name it
        self._ranges = {}  # by place of a formula: its ranges

    def text(self, cell):
        """Return what a cell was set to."""
        return self._texts.get(parse(cell), "")

    def set(self, cell, text):
        """Set a cell."""
        place = parse(cell)
        if self._texts.get(place, "") == text:
            return
        self._unlink(place)
        self._forget(place)
        self._texts.pop(place, None)
        self._values.pop(place, None)
        if text == "":
            return
        self._texts[place] = text
        if text.startswith("="):
            self._link(place, text)
        else:
            self._values[place] = int(text) if re.fullmatch("-?[0-9]+", text) else text

    def _link(self, place, text):
        try:
            formula = _Formula(text[1:])
        except ValueError:
            self._values[place] = "#SYNTAX"
            return
        self._formulas[place] = formula
        for each in formula.cells:
            self._users.setdefault(each, set()).add(place)
        if formula.ranges:
            self._ranges[place] = formula.ranges

    def _unlink(self, place):
        formula = self._formulas.pop(place, None)
        if formula:
            for each in formula.cells:
                self._users[each].discard(place)
            self._ranges.pop(place, None)

    def _forget(self, place):
        """Forget the values of all formulas that depend on a cell."""
        waiting, seen = [place], {place}
        while waiting:
            each = waiting.pop()
            users = set(self._users.get(each, ()))
            users |= {user for user, ranges in self._ranges.items() if any(_covers(corners, each) for corners in ranges)}
            for user in users - seen:
                seen.add(user)
                self._values.pop(user, None)
                waiting.append(user)

    def get(self, cell):
        """Return the value of a cell."""
        place = parse(cell)
        if place in self._formulas and place not in self._values:
            self._compute(place)
        return self._values.get(place)

    def _needs(self, place):
        """Return the formulas without a value that a formula depends on directly."""
        formula = self._formulas[place]
        found = {each for each in formula.cells if each in self._formulas and each not in self._values}
        if formula.ranges:
            found |= {
                each for each in self._formulas if each not in self._values and any(_covers(corners, each) for corners in formula.ranges)
            }
        return found

    def _compute(self, start):
        graph, waiting = {}, [start]
        while waiting:
            place = waiting.pop()
            if place not in graph:
                graph[place] = self._needs(place)
                waiting += graph[place]
        for group in _groups(graph):
            if len(group) > 1 or group[0] in graph[group[0]]:
                for place in group:
                    self._values[place] = "#CYCLE"
            else:
                self.computed += 1
                try:
                    self._values[group[0]] = self._number(self._formulas[group[0]].tree)
                except _Failed as error:
                    self._values[group[0]] = str(error)

    def _number(self, tree):
        """Return the value of an expression as a number."""
        kind, *parts = tree
        if kind == "number":
            return parts[0]
        if kind == "value":
            return self._number(parts[0])
        if kind == "negative":
            return -self._number(parts[0])
        if kind == "cell":
            value = self._values.get(parts[0], 0)
            if isinstance(value, str):
                raise _Failed(value if self._is_error(parts[0]) else "#VALUE")
            return value
        if kind in _FUNCTIONS:
            return self._function(kind, parts[0])
        left, right = self._number(parts[0]), self._number(parts[1])
        return left + right if kind == "+" else left - right if kind == "-" else left * right

    def _is_error(self, place):
        return place in self._formulas or self._texts[place].startswith("=")

    def _function(self, name, arguments):
        numbers = []
        for kind, *parts in arguments:
            if kind == "range":
                numbers += self._in_range(parts[0])
            elif kind == "cell":
                numbers += self._in_range((*parts[0], *parts[0]))
            else:
                numbers.append(self._number((kind, *parts)))
        if name == "COUNT":
            return len(numbers)
        return {"SUM": sum, "MIN": min, "MAX": max}[name](numbers or [0])

    def _in_range(self, corners):
        left, top, right, bottom = corners
        if (right - left + 1) * (bottom - top + 1) < len(self._values):
            places = [(column, row) for row in range(top, bottom + 1) for column in range(left, right + 1) if (column, row) in self._values]
        else:
            places = sorted((place for place in self._values if _covers(corners, place)), key=lambda place: place[::-1])
        numbers = []
        for place in places:
            value = self._values[place]
            if isinstance(value, str):
                if self._is_error(place):
                    raise _Failed(value)
                continue
            numbers.append(value)
        return numbers


def _groups(graph):
    """Give the strongly connected groups of a graph, each after all that it depends on: Tarjan's algorithm without recursion."""
    numbers, lowest, open_, stack = {}, {}, set(), []
    for root in graph:
        if root in numbers:
            continue
        work = [(root, iter(graph[root]))]
        numbers[root] = lowest[root] = len(numbers)
        stack.append(root)
        open_.add(root)
        while work:
            place, others = work[-1]
            for other in others:
                if other not in numbers:
                    numbers[other] = lowest[other] = len(numbers)
                    stack.append(other)
                    open_.add(other)
                    work.append((other, iter(graph[other])))
                    break
                if other in open_:
                    lowest[place] = min(lowest[place], numbers[other])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[place])
                if lowest[place] == numbers[place]:
                    group = []
                    while not group or group[-1] != place:
                        group.append(stack.pop())
                        open_.discard(group[-1])
                    yield group
PYTHON
