# Parts are matched by a table of places in the pattern and in the text, for whole parts as for characters.
cat > patterns.py <<'PYTHON'
"""Patterns for paths."""

from functools import lru_cache


def matches(pattern, path):
    """Whether a pattern matches a whole path."""
    parts = _cut(pattern)
    return _parts_match(parts, path.split("/"))


def _cut(pattern):
    """Return the parts of a pattern: True for any number of parts, else a list of tokens."""
    parts, tokens, raw, at = [], [], "", 0

    def close():
        parts.append(True if raw == "**" else tokens)

    while at < len(pattern):
        sign = pattern[at]
        if sign == "/":
            close()
            tokens, raw = [], ""
            at += 1
            continue
        if sign == "\\" and at + 1 < len(pattern):
            if pattern[at + 1] == "/":
                close()
                tokens, raw = [], ""
            else:
                tokens.append(("is", pattern[at + 1]))
                raw += pattern[at : at + 2]
            at += 2
            continue
        if sign == "[":
            start = at + 1 + (pattern[at + 1 : at + 2] == "!")
            end = pattern.find("]", start + 1)
            if end > 0:
                tokens.append(("not" if start > at + 1 else "in", _ranges(pattern[start:end])))
                raw += pattern[at : end + 1]
                at = end + 1
                continue
        tokens.append({"*": ("star",), "?": ("one",)}.get(sign, ("is", sign)))
        raw += sign
        at += 1
    close()
    return parts


def _ranges(content):
    found, at = [], 0
    while at < len(content):
        if at + 2 < len(content) and content[at + 1] == "-":
            found.append((content[at], content[at + 2]))
            at += 3
        else:
            found.append((content[at], content[at]))
            at += 1
    return found


def _fits(token, character):
    if token[0] == "is":
        return token[1] == character
    if token[0] == "one":
        return True
    inside = any(low <= character <= high for low, high in token[1])
    return inside == (token[0] == "in")


def _part_matches(tokens, text):
    reached = {0}
    for token in tokens:
        if token[0] == "star":
            reached = set(range(min(reached), len(text) + 1)) if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(text) and _fits(token, text[at])}
    return len(text) in reached


def _parts_match(parts, names):
    reached = {0}
    for index, part in enumerate(parts):
        if part is True:
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(names) and _part_matches(part, names[at])}
    return len(names) in reached


def selected(rules, paths):
    """Return the paths that the rules select."""
    known = [(rule[0] != "!", rule.removeprefix("!")) for rule in rules if rule and not rule.startswith("#")]
    chosen = []
    for path in paths:
        names = path.split("/")
        above = ["/".join(names[: size + 1]) for size in range(len(names))]
        decided = False
        for takes, pattern in known:
            if any(matches(pattern, each) for each in above):
                decided = takes
        if decided:
            chosen.append(path)
    return chosen
PYTHON
