#!/bin/bash
set -euo pipefail
cat > mails/templates.py <<'PYTHON'
"""Templates."""

import re

from mails.errors import TemplateError

_NAME = r"\.|[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*"
_TAG = re.compile(rf" *(?:([#^/&]) *)?({_NAME}) *")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_NOTHING = object()


def _tokens(template):
    """Return pairs of a kind ("text", "", "&", "#", "^", "/", "!") and a content."""
    found, at = [], 0
    while (start := template.find("{{", at)) >= 0:
        end = template.find("}}", start + 2)
        if end < 0:
            raise TemplateError("a tag has no end")
        inner = template[start + 2 : end]
        if inner.lstrip(" ").startswith("!"):
            kind, name = "!", inner
        else:
            match = _TAG.fullmatch(inner)
            if match is None:
                raise TemplateError(f"not a tag: {inner!r}")
            kind, name = match[1] or "", match[2]
        before, after = at, end + 2
        if kind in ("#", "^", "/", "!") and "\n" not in inner:
            line_start = template.rfind("\n", 0, start) + 1
            line_end = template.find("\n", after)
            line_end = len(template) if line_end < 0 else line_end
            alone = not template[line_start:start].strip(" ") and not template[after:line_end].strip(" ")
            if alone and line_start >= before:
                found.append(("text", template[before:line_start]))
                found.append((kind, name))
                at = min(line_end + 1, len(template))
                continue
        found.append(("text", template[before:start]))
        found.append((kind, name))
        at = after
    return [*found, ("text", template[at:])]


def _tree(tokens):
    stack = [("", "", [])]
    for kind, content in tokens:
        if kind in ("#", "^"):
            stack.append((kind, content, []))
        elif kind == "/":
            opened = stack.pop()
            if not stack or opened[1] != content:
                raise TemplateError(f"{content!r} isn't open")
            stack[-1][2].append(opened)
        elif kind != "!":
            stack[-1][2].append((kind, content, None))
    if len(stack) > 1:
        raise TemplateError(f"{stack[-1][1]!r} isn't closed")
    return stack[0][2]


def _look_up(name, items):
    if name == ".":
        return items[-1]
    first, *rest = name.split(".")
    value = next((item[first] for item in reversed(items) if isinstance(item, dict) and first in item), _NOTHING)
    for part in rest:
        value = value.get(part, _NOTHING) if isinstance(value, dict) else _NOTHING
    return value


def _text(name, value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    raise TemplateError(f"{name!r} is no text" if value is not _NOTHING else f"no {name!r}")


def _rendered(tree, items):
    parts = []
    for kind, content, inside in tree:
        if kind == "text":
            parts.append(content)
            continue
        value = _look_up(content, items)
        empty = value is _NOTHING or value is None or value is False or value == [] or value == ""
        if kind in ("", "&"):
            text = _text(content, value)
            parts.append(text if kind else "".join(_ESCAPES.get(character, character) for character in text))
        elif kind == "^":
            parts += [_rendered(inside, items)] if empty else []
        elif isinstance(value, list):
            parts += [_rendered(inside, [*items, item]) for item in value]
        elif not empty:
            parts.append(_rendered(inside, [*items, value] if isinstance(value, dict) else items))
    return "".join(parts)


def render(template, data):
    """Fill a template."""
    return _rendered(_tree(_tokens(template)), [data])
PYTHON
