"""What of a request differs between any two runs of the same thing, and so says nothing.

Left out before requests are compared:

- `metadata` (user, device and session ids), `stream` (how the answer is sent, not what is asked), and every
  `cache_control` mark;
- in all texts: UUIDs and the CLI's ids of sub-agents; dates and times in ISO form; the random name right below /tmp or
  /var/tmp; the values of `Primary working directory` and `OS Version` in what the CLI tells of its environment;
- the order in which the results of parallel tools stand in a message: the CLI gives them as they end;
- in tool results: durations (`0.12s`, `0m0.005s`, `3 ms`, `duration_ms: 241`); clock times (`18:05:02`); dates as
  `date` and `ls` print them (`Nov 24 18:05`); addresses in memory (`0x7f34d8c01b50`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

_LEFT_OUT = frozenset({"metadata", "stream"})
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])")
_TEMPORARY = re.compile(r"(?<![\w.])(/(?:var/)?tmp)/[\w.+-]+")
_SURROUNDINGS = re.compile(r"(?m)^( - (?:Primary working directory|OS Version): ).*$")
_SUB_AGENT = re.compile(r"\ba[0-9a-f]{16}\b")
_DURATION = re.compile(
    r"\b(?:\d+m)?\d+(?:\.\d+)? ?(?:ns|us|\u00b5s|ms|s|secs?|seconds?|min|minutes?)\b|(?<=\bduration_ms: )\d+\b"
)
_DAY = re.compile(
    r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2}"
    r"(?: {1,2}\d\d:\d\d(?::\d\d)?)?(?: [A-Z]{2,5})?(?: {1,2}\d{4})?\b"
)
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_CLOCK = re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b")
Pattern = tuple[re.Pattern[str], str]
_EVERYWHERE: tuple[Pattern, ...] = (
    (_UUID, "<uuid>"),
    (_SUB_AGENT, "<sub-agent>"),
    (_DATE, "<date>"),
    (_TEMPORARY, r"\1/<name>"),
    (_SURROUNDINGS, r"\1<here>"),
)
_IN_RESULTS: tuple[Pattern, ...] = (
    (_DAY, "<day>"),
    (_CLOCK, "<time>"),
    (_DURATION, "<duration>"),
    (_ADDRESS, "<address>"),
)


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
        if isinstance(kept.get("messages"), list):
            kept["messages"] = list(_results_as_asked(kept["messages"]))
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


def _results_as_asked(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield messages with tool results in the order in which the tools were asked for."""
    asked: dict[Any, int] = {}
    for message in messages:
        content: Any = message.get("content")
        if not isinstance(content, list):
            yield message
            continue
        blocks = cast("list[dict[str, Any]]", content)
        for block in blocks:
            if block.get("type") == "tool_use":
                asked[block.get("id")] = len(asked)
        results = [block for block in blocks if block.get("type") == "tool_result"]
        ordered = iter(sorted(results, key=lambda block: asked.get(block.get("tool_use_id"), -1)))
        yield message | {
            "content": [next(ordered) if block.get("type") == "tool_result" else block for block in blocks]
        }


def _replaced(text: str, patterns: Sequence[Pattern]) -> str:
    # A dataset holds no lone surrogates, so what is asked now is brought into the same form.
    text = text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for pattern, mark in patterns:
        text = pattern.sub(mark, text)
    return text
