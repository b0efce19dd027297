"""Tokens."""

import re

from formula.errors import FormulaError

_TOKEN = re.compile(r" *(?:([0-9]+(?:\.[0-9]+)?)|(and|or|not|[-+*/%^=<>()])|([A-Za-z_][A-Za-z0-9_]*))")


def tokens(text):
    """Return pairs of a kind (`number`, `operator`, `name`) and a text, and ("end", "") at the end."""
    found, at = [], 0
    text = text.rstrip(" ")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(f"can't be read: {text[at:]!r}")
        found.append((("number", "operator", "name")[match.lastindex - 1], match[match.lastindex]))
        at = match.end()
    return [*found, ("end", "")]
