#!/bin/bash
set -euo pipefail
cat > intervals.py <<'PYTHON'
"""Sets of intervals."""

import math
import re

_INTERVAL = re.compile(r"(?:(\[|\()(-?[0-9]+)|\((-inf)), ?(?:(-?[0-9]+)(\]|\))|(inf)\))")


class Intervals:
    """A set of points.

    It is kept as its borders: a border (x, 0) lies just before the point x, (x, 1) just after it. The points between the first and
    the second border are in the set, those between the second and the third aren't, and so on.
    """

    def __init__(self, borders=()):
        self._borders = tuple(borders)

    @classmethod
    def parse(cls, text):
        """Read a text such as `[1, 3) u (5, inf)`.

        Raises:
            ValueError: It is none.
        """
        result = cls()
        for part in [] if text == "{}" else text.split(" u "):
            match = _INTERVAL.fullmatch(part)
            if match is None:
                raise ValueError(f"not an interval: {part!r}")
            start = (-math.inf, 1) if match[3] else (int(match[2]), int(match[1] == "("))
            end = (math.inf, 0) if match[6] else (int(match[4]), int(match[5] == "]"))
            if start < end:
                result |= cls([start, end])
        return result

    def _pairs(self):
        return list(zip(self._borders[::2], self._borders[1::2]))

    def __str__(self):
        texts = [f"{'[('[start[1]]}{start[0]}, {end[0]}{')]'[end[1]]}" for start, end in self._pairs()]
        return " u ".join(texts) or "{}"

    def _combined(self, other, rule):
        inside = [False, False]
        result, was = [], False
        borders = sorted([(border, 0) for border in self._borders] + [(border, 1) for border in other._borders])
        for place, (border, which) in enumerate(borders):
            inside[which] = not inside[which]
            if place + 1 < len(borders) and borders[place + 1][0] == border:
                continue
            if rule(*inside) != was:
                was = not was
                result.append(border)
        return Intervals(result)

    def __or__(self, other):
        return self._combined(other, lambda a, b: a or b)

    def __and__(self, other):
        return self._combined(other, lambda a, b: a and b)

    def __sub__(self, other):
        return self._combined(other, lambda a, b: a and not b)

    def __xor__(self, other):
        return self._combined(other, lambda a, b: a != b)

    def __invert__(self):
        return Intervals([(-math.inf, 1), (math.inf, 0)]) - self

    def __eq__(self, other):
        return isinstance(other, Intervals) and self._borders == other._borders

    def __hash__(self):
        return hash(self._borders)

    def __bool__(self):
        return bool(self._borders)

    def __contains__(self, point):
        return any(start <= (point, 0) and (point, 1) <= end for start, end in self._pairs())

    def __le__(self, other):
        return not self - other

    def length(self):
        """Return the sum of all lengths."""
        return sum(end[0] - start[0] for start, end in self._pairs())

    def shift(self, distance):
        """Return the set moved by a distance."""
        return Intervals((point + distance, side) for point, side in self._borders)

    def gaps(self):
        """Return what lies between points of the set, and isn't in it."""
        return Intervals(self._borders[1:-1])
PYTHON
