#!/bin/bash
set -euo pipefail
cat > patterns.py <<'PYTHON'
"""Patterns of paths."""

import functools


def _brackets(pattern, at):
    """Return the members, whether they are excluded, and the place after the brackets that open at a place; None if they don't close."""
    negated = pattern[at + 1 : at + 2] == "!"
    start = at + 1 + negated
    end = pattern.find("]", start + 1)
    if end < 0:
        return None
    content, members = pattern[start:end], []
    while content:
        if len(content) >= 3 and content[1] == "-":
            members.append((content[0], content[2]))
            content = content[3:]
        else:
            members.append((content[0], content[0]))
            content = content[1:]
    return tuple(members), negated, end + 1


def _tokens(part):
    """Split a part of a pattern into "*", "?", characters in a list of their own, and sets."""
    found, at = [], 0
    while at < len(part):
        character = part[at]
        at += 1
        if character == "*":
            if found[-1:] != ["*"]:
                found.append("*")
        elif character == "?":
            found.append("?")
        elif character == "\\" and at < len(part):
            found.append([part[at]])
            at += 1
        elif character == "[" and (set_ := _brackets(part, at - 1)):
            found.append(set_[:2])
            at = set_[2]
        else:
            found.append([character])
    return found


def _fits(token, character):
    if token == "?":
        return True
    if isinstance(token, list):
        return token[0] == character
    members, negated = token
    return any(low <= character <= high for low, high in members) != negated


def _part_matches(tokens, text):
    places = {0}
    for token in tokens:
        if token == "*":
            places = set(range(min(places), len(text) + 1))
        else:
            places = {place + 1 for place in places if place < len(text) and _fits(token, text[place])}
        if not places:
            return False
    return len(text) in places


def _parts(pattern):
    """Split a pattern at the slashes that are not in brackets."""
    parts, current, at = [], "", 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern):
            if pattern[at + 1] == "/":
                parts.append(current)
                current = ""
            else:
                current += pattern[at : at + 2]
            at += 2
        elif character == "[" and (set_ := _brackets(pattern, at)):
            current += pattern[at : set_[2]]
            at = set_[2]
        elif character == "/":
            parts.append(current)
            current = ""
            at += 1
        else:
            current += character
            at += 1
    return [*parts, current]


@functools.lru_cache(1000)
def _compiled(pattern):
    return ["**" if part == "**" else _tokens(part) for part in _parts(pattern)]


def matches(pattern, path):
    """Whether a pattern matches a whole path."""
    names = path.split("/")
    places = {0}
    for part in _compiled(pattern):
        if part == "**":
            places = set(range(min(places), len(names) + 1))
        else:
            places = {place + 1 for place in places if place < len(names) and _part_matches(part, names[place])}
        if not places:
            return False
    return len(names) in places


def selected(rules, paths):
    """Return the paths that rules select."""
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    found = []
    for path in paths:
        names = path.split("/")
        above = ["/".join(names[:amount]) for amount in range(1, len(names) + 1)]
        deciding = [rule for rule in rules if any(matches(rule.removeprefix("!"), each) for each in above)]
        if deciding and not deciding[-1].startswith("!"):
            found.append(path)
    return found
PYTHON
