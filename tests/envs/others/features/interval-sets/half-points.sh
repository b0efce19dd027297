# Sets as sorted marks: each end is a point and a side of it, and a set is the marks at which it begins and ends.
cat > intervals.py <<'PYTHON'
"""Sets of points as sorted marks where being inside begins and ends, in turn."""

from __future__ import annotations

import math
import re

_END = re.compile(r"([\[(])(-?[0-9]+|-inf),( ?)(-?[0-9]+|inf)([\])])")


class Intervals:
    """Marks are pairs (point, 0) before a point and (point, 1) after it."""

    __slots__ = ("_marks",)

    def __init__(self, marks=()):
        object.__setattr__(self, "_marks", tuple(marks))

    def __setattr__(self, name, value):
        raise AttributeError(name)

    @classmethod
    def parse(cls, text):
        if text == "{}":
            return cls()
        found = cls()
        for part in text.split(" u "):
            match = _END.fullmatch(part)
            if match is None:
                raise ValueError(text)
            left, low, _, high, right = match.groups()
            if low == "-inf" and left == "[" or high == "inf" and right == "]":
                raise ValueError(text)
            begin = (-math.inf, 1) if low == "-inf" else (int(low), 0 if left == "[" else 1)
            end = (math.inf, 0) if high == "inf" else (int(high), 1 if right == "]" else 0)
            if begin < end:
                found = found | cls((begin, end))
        return found

    def _pairs(self):
        return zip(self._marks[::2], self._marks[1::2])

    def __str__(self):
        parts = []
        for (low, after), (high, behind) in self._pairs():
            left = "(" if after else "["
            right = "]" if behind else ")"
            parts.append(f"{left}{low}, {high}{right}")
        return " u ".join(parts) or "{}"

    __repr__ = __str__

    def _merge(self, other, holds):
        marks = []
        inside = False
        mine = theirs = False
        for mark in sorted({*self._marks, *other._marks}):
            if mark in self._marks:
                mine = not mine
            if mark in other._marks:
                theirs = not theirs
            if holds(mine, theirs) != inside:
                inside = not inside
                marks.append(mark)
        return Intervals(marks)

    def __or__(self, other):
        if not isinstance(other, Intervals):
            return NotImplemented
        return self._merge(other, lambda a, b: a or b)

    def __and__(self, other):
        if not isinstance(other, Intervals):
            return NotImplemented
        return self._merge(other, lambda a, b: a and b)

    def __sub__(self, other):
        if not isinstance(other, Intervals):
            return NotImplemented
        return self._merge(other, lambda a, b: a and not b)

    def __xor__(self, other):
        if not isinstance(other, Intervals):
            return NotImplemented
        return self._merge(other, lambda a, b: a != b)

    def __invert__(self):
        return Intervals(((-math.inf, 1), (math.inf, 0))) - self

    def __eq__(self, other):
        if not isinstance(other, Intervals):
            return NotImplemented
        return self._marks == other._marks

    def __hash__(self):
        return hash(self._marks)

    def __bool__(self):
        return bool(self._marks)

    def __contains__(self, point):
        return any(low <= (point, 0) and (point, 1) <= high for low, high in self._pairs())

    def __le__(self, other):
        if not isinstance(other, Intervals):
            return NotImplemented
        return not (self - other)

    def length(self):
        return sum(high[0] - low[0] for low, high in self._pairs())

    def shift(self, n):
        return Intervals((point + n, side) for point, side in self._marks)

    def gaps(self):
        return Intervals(self._marks[1:-1])
PYTHON
