"""Where two JSON values differ first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_BEFORE, _AFTER = 30, 70
"""Characters of a text that are shown before and after its first difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two requests differ."""

    json_path: str
    """Of the place, from `$`, the request."""
    expected: str
    """Excerpt of what was recorded there."""
    actual: str
    """Excerpt of what was asked."""


def first_difference(expected: Any, actual: Any, path: str = "$") -> Difference | None:
    """Find the first place, in the order of `expected`, where two JSON values differ."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        pairs = _members(cast("dict[str, Any]", expected), cast("dict[str, Any]", actual))
    elif isinstance(expected, list) and isinstance(actual, list):
        pairs = _items(cast("list[Any]", expected), cast("list[Any]", actual))
    else:
        return None if _is_same(expected, actual) else Difference(path, *_excerpts(expected, actual))
    for step, one, other in pairs:
        if (found := first_difference(one, other, f"{path}{step}")) is not None:
            return found
    return None


def _is_same(expected: Any, actual: Any) -> bool:
    """Compare as JSON does, where 1, 1.0 and true are three values."""
    return type(expected) is type(actual) and expected == actual


class _Absent:
    """Stands where one of two values has nothing."""


_ABSENT = _Absent()


def _members(expected: dict[str, Any], actual: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in {**expected, **actual}:
        step = f".{name}" if _PLAIN_NAME.fullmatch(name) else f"[{json.dumps(name)}]"
        yield step, expected.get(name, _ABSENT), actual.get(name, _ABSENT)


def _items(expected: list[Any], actual: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    for index in range(max(len(expected), len(actual))):
        one, other = (values[index] if index < len(values) else _ABSENT for values in (expected, actual))
        yield f"[{index}]", one, other


def _excerpts(expected: Any, actual: Any) -> tuple[str, str]:
    start = 0
    if isinstance(expected, str) and isinstance(actual, str):
        shared = next((i for i, (a, b) in enumerate(zip(expected, actual, strict=False)) if a != b), None)
        start = max(0, (min(len(expected), len(actual)) if shared is None else shared) - _BEFORE)
    return _excerpt(expected, start), _excerpt(actual, start)


def _excerpt(value: Any, start: int) -> str:
    if isinstance(value, _Absent):
        return "nothing"
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
        return value if len(value) <= _BEFORE + _AFTER else f"{value[: _BEFORE + _AFTER]}..."
    piece = value[start : start + _BEFORE + _AFTER]
    before, after = "..." if start else "", "..." if start + len(piece) < len(value) else ""
    return f"{before}{json.dumps(piece, ensure_ascii=False)}{after}"
