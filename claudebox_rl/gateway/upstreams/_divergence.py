"""Where a request differs from the recorded one, without what differs between any two runs of the same thing.

Left out of both before they are compared:

- `metadata` (user, device and session ids), `stream` (how the answer is sent, not what is asked), and every
  `cache_control` mark;
- in all texts: UUIDs; dates and times in ISO form; the random name right below /tmp or /var/tmp; the values of `Primary
  working directory` and `OS Version` in what the CLI tells of its environment;
- in tool results: durations (`0.12s`, `3 ms`, `2 minutes`) and clock times (`18:05:02`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

_LEFT_OUT = frozenset({"metadata", "stream"})
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])")
_TEMPORARY = re.compile(r"(?<![\w.])(/(?:var/)?tmp)/[\w.+-]+")
_SURROUNDINGS = re.compile(r"(?m)^( - (?:Primary working directory|OS Version): ).*$")
_DURATION = re.compile(r"\b\d+(?:\.\d+)? ?(?:ns|us|\u00b5s|ms|s|secs?|seconds?|min|minutes?)\b")
_CLOCK = re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b")
Pattern = tuple[re.Pattern[str], str]
_EVERYWHERE: tuple[Pattern, ...] = (
    (_UUID, "<uuid>"),
    (_DATE, "<date>"),
    (_TEMPORARY, r"\1/<name>"),
    (_SURROUNDINGS, r"\1<here>"),
)
_IN_RESULTS: tuple[Pattern, ...] = ((_DURATION, "<duration>"), (_CLOCK, "<time>"))
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


class Comparison:
    """Compares requests without their volatile parts.

    Args:
        ignored: Further patterns; what they match counts as equal in every text.
    """

    def __init__(self, ignored: Sequence[re.Pattern[str]] = ()) -> None:
        self._everywhere = (*_EVERYWHERE, *((pattern, "<ignored>") for pattern in ignored))

    def lasting(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a request without its volatile parts."""
        kept = {name: value for name, value in request.items() if name not in _LEFT_OUT}
        return self._lasting(kept, self._everywhere)

    def _lasting(self, value: Any, patterns: Sequence[Pattern]) -> Any:
        if isinstance(value, str):
            return _replaced(value, patterns)
        if isinstance(value, list):
            return [self._lasting(item, patterns) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            if fields.get("type") == "tool_result":
                patterns = (*patterns, *_IN_RESULTS)
            return {name: self._lasting(item, patterns) for name, item in fields.items() if name != "cache_control"}
        return value


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


def _replaced(text: str, patterns: Sequence[Pattern]) -> str:
    # A dataset holds no lone surrogates, so what is asked now is brought into the same form.
    text = text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for pattern, mark in patterns:
        text = pattern.sub(mark, text)
    return text


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
