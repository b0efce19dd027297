"""The text of JSON, taken apart and made with no Python for each character of a long string."""

from __future__ import annotations

import re
from collections.abc import Generator

# A string that is long or has a backslash is found by its quote alone: `re` looks at each character of what it matches.
_TOKEN = re.compile(r'"[^"\\]{0,64}+"(?:\s*+:)?|[{}\[\]"]|[^\s{}\[\]"]++')
_COLON = re.compile(r"\s*+:")
_ESCAPES = {
    "\\": "\\\\",  # first, since the others bring more of them
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\f": "\\f",
    "\b": "\\b",
    **{chr(code): f"\\u{code:04x}" for code in range(32) if chr(code) not in "\n\r\t\f\b"},
}
_NEVER_ESCAPED = bytes(code for code in range(256) if chr(code) not in _ESCAPES)


def tokens(value: str, start: int = 0) -> Generator[tuple[str, int]]:
    """Yield the tokens of JSON, and where each ends; without the space between them.

    A key has its colon, with the space before that. What is between strings and brackets (numbers, commas) may be one.

    Args:
        value: Valid JSON.
        start: Where to begin; no string is open there.

    Raises:
        ValueError: A string does not end.
    """
    while True:
        for match in _TOKEN.finditer(value, start):
            token = match[0]
            if token == '"':
                begin, start = match.start(), _end_of_string(value, match.end())
                if (colon := _COLON.match(value, start)) is not None:
                    start = colon.end()
                yield value[begin:start], start
                break
            yield token, match.end()
        else:
            return


def quoted(text: str) -> str:
    """Return the JSON string of a text, as `json.dumps` does without `ensure_ascii`, which takes ten times as long.

    Raises:
        UnicodeEncodeError: It has a lone surrogate.
    """
    found = set(text.encode().translate(None, _NEVER_ESCAPED))
    for char, escape in _ESCAPES.items():
        if ord(char) in found:
            text = text.replace(char, escape)
    return f'"{text}"'


def _end_of_string(value: str, start: int) -> int:
    """Return where a string ends whose content begins at `start`: behind the first quote that no backslash escapes."""
    at = value.index('"', start)
    while value[at - 1] == "\\" and (value[at - 2] != "\\" or _num_backslashes(value, at) % 2):
        at = value.index('"', at + 1)
    return at + 1


def _num_backslashes(value: str, stop: int) -> int:
    """Return how many backslashes stand before a place in a string, whose own quote ends them."""
    at = stop
    while value[at - 1] == "\\":
        at -= 1
    return stop - at
