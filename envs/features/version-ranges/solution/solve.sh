#!/bin/bash
set -euo pipefail
cat > packs/versions.py <<'PYTHON'
"""Versions and ranges of them."""

import re

from packs.errors import VersionError

_NUMBER = "(0|[1-9][0-9]*)"
_NAMES = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_NAMES}))?(?:\+{_NAMES})?")
_SHORT = re.compile(rf"(~)?{_NUMBER}(?:\.{_NUMBER})?")
_TESTS = {
    "=": lambda a, b: a == b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def _key(text):
    match = _VERSION.fullmatch(text)
    if match is None:
        raise VersionError(f"not a version: {text!r}")
    numbers = tuple(int(match[place]) for place in (1, 2, 3))
    if match[4] is None:
        return (*numbers, 1, ())
    names = match[4].split(".")
    if any(name.isdigit() and len(name) > 1 and name[0] == "0" for name in names):
        raise VersionError(f"not a version: {text!r}")
    return (*numbers, 0, tuple((0, int(name), "") if name.isdigit() else (1, 0, name) for name in names))


def _below(*numbers):
    """Return a key that lies below all pre-releases of a version."""
    return (*numbers, 0, ())


def _condition(text):
    """Return a test of keys and, for a version with a pre-release, its three numbers."""
    if text == "*":
        return (lambda key: True), None
    short = _SHORT.fullmatch(text)
    if short and (short[3] is not None or not short[1]):
        major, minor = int(short[2]), short[3]
        if minor is None:
            return (lambda key: key[0] == major), None
        return (lambda key: key[:2] == (major, int(minor))), None
    operator = re.match("[~^]|[<>]=?|=|", text)[0]
    low = _key(text[len(operator) :])
    named = low[:3] if low[3] == 0 else None
    major, minor, patch = low[:3]
    if operator == "~":
        high = _below(major, minor + 1, 0)
    elif operator == "^":
        high = _below(major + 1, 0, 0) if major else _below(0, minor + 1, 0) if minor else _below(0, 0, patch + 1)
    else:
        return (lambda key: _TESTS[operator or "="](key, low)), named
    return (lambda key: low <= key < high), named


def _range(text):
    alternatives = []
    for alternative in text.split("||"):
        words = [word for word in alternative.split(" ") if word]
        if not words:
            raise VersionError(f"not a range: {text!r}")
        alternatives.append([_condition(word) for word in words])
    return alternatives


def _inside(key, alternatives):
    return any(
        all(test(key) for test, _ in conditions) and (key[3] == 1 or any(named == key[:3] for _, named in conditions))
        for conditions in alternatives
    )


def compare(a, b):
    """Return -1, 0 or 1."""
    left, right = _key(a), _key(b)
    return (left > right) - (left < right)


def satisfies(version, range):
    """Whether a version is in a range."""
    key, alternatives = _key(version), _range(range)
    return _inside(key, alternatives)


def best(versions, range):
    """Return the highest of the versions that are in a range, or None."""
    alternatives = _range(range)
    keys = [(_key(version), version) for version in versions]
    inside = [(key, version) for key, version in keys if _inside(key, alternatives)]
    return max(inside, key=lambda pair: pair[0])[1] if inside else None
PYTHON
