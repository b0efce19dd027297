# Each condition becomes a lower and an upper bound, and versions become keys that sort.
cat > packs/versions.py <<'PYTHON'
"""Versions and ranges of them."""

import math
import re

from packs.errors import VersionError

_NUMBER = "(?:0|[1-9][0-9]*)"
_WORD = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_FULL = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_WORD}(?:\.{_WORD})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_PARTIAL = re.compile(rf"({_NUMBER})(?:\.({_NUMBER}))?")
LAST = ((2, 0, ""),)
"""A pre-release key above all pre-releases: that of a release."""


def _key(text):
    match = _FULL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise VersionError(f"no version: {text!r}")
    words = match[4].split(".") if match[4] else None
    tail = LAST if words is None else tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in words)
    return tuple(int(match[at]) for at in (1, 2, 3)), tail


def compare(a, b):
    """Order two versions."""
    first, second = _key(a), _key(b)
    return (first > second) - (first < second)


def _below(numbers):
    """Return the bound below all pre-releases of some numbers."""
    return tuple(numbers), ()


def _condition(text):
    """Return what a key has to hold for, and the numbers for which pre-releases are let in."""
    if text == "*":
        return (lambda key: True), None
    match = _PARTIAL.fullmatch(text)
    if match:
        numbers = [int(each) for each in match.groups() if each is not None]
        return (lambda key: list(key[0][: len(numbers)]) == numbers), None
    if text[:1] in ("~", "^"):
        rest = text[1:]
        if text[0] == "~" and re.fullmatch(rf"{_NUMBER}\.{_NUMBER}", rest):
            return _condition(rest)
        low = _key(rest)
        major, minor, patch = low[0]
        if text[0] == "~":
            high = _below((major, minor + 1, 0))
        elif major:
            high = _below((major + 1, 0, 0))
        elif minor:
            high = _below((0, minor + 1, 0))
        else:
            high = _below((0, 0, patch + 1))
        return (lambda key: low <= key < high), low
    operator = re.match("[<>]=?|=|", text)[0]
    other = _key(text[len(operator) :])
    tests = {
        "": lambda key: key == other,
        "=": lambda key: key == other,
        "<": lambda key: key < other,
        "<=": lambda key: key <= other,
        ">": lambda key: key > other,
        ">=": lambda key: key >= other,
    }
    return tests[operator], other


def _range(text):
    if not isinstance(text, str):
        raise VersionError(f"no range: {text!r}")
    alternatives = []
    for part in text.split("||"):
        conditions = [_condition(each) for each in part.split(" ") if each]
        if not conditions:
            raise VersionError(f"an empty alternative: {text!r}")
        alternatives.append(conditions)
    return alternatives


def _inside(key, alternatives):
    for conditions in alternatives:
        let_in = key[1] == LAST or any(
            named is not None and named[1] != LAST and named[0] == key[0] for _, named in conditions
        )
        if let_in and all(test(key) for test, _ in conditions):
            return True
    return False


def satisfies(version, range):
    """Whether a version is in a range."""
    return _inside(_key(version), _range(range))


def best(versions, range):
    """Return the highest version in a range."""
    alternatives = _range(range)
    keyed = [(_key(version), version) for version in versions]
    inside = [pair for pair in keyed if _inside(pair[0], alternatives)]
    return max(inside, key=lambda pair: pair[0])[1] if inside else None
PYTHON
