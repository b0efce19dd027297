"""What `${x:1}`, `${x#y}`, `${x/y/z}` and `${x,,}` make of a text that is known."""

from __future__ import annotations

import re

_LITERAL = r"[\w.@-]"
_CUT = re.compile(
    rf"\$\{{\w+(?::(?P<at>\d{{1,4}})(?::(?P<length>\d{{1,4}}))?|(?P<end>##?|%%?)(?P<gone>{_LITERAL}+)"
    rf"|(?P<every>//?)(?P<old>{_LITERAL}+)(?:/(?P<new>{_LITERAL}*))?|(?P<case>,,|\^\^))\}}"
)


def cut(source: str, text: str) -> str | None:
    """Return what an expansion gives; None where it is none of these, or patterns decide.

    Args:
        source: The expansion as written.
        text: The variable's value.
    """
    found = _CUT.fullmatch(source)
    if found is None or not text.isascii():
        return None
    if found["at"]:
        rest = text[int(found["at"]) :]
        return rest[: int(found["length"])] if found["length"] else rest
    if found["end"]:
        gone = found["gone"]
        return text.removeprefix(gone) if found["end"][0] == "#" else text.removesuffix(gone)
    if found["every"]:
        return text.replace(found["old"], found["new"] or "", -1 if found["every"] == "//" else 1)
    return text.lower() if found["case"] == ",," else text.upper()
