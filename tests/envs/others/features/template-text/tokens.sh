# Tokens first, then a tree of tuples, then one function for each kind of node.
cat > mails/templates.py <<'PYTHON'
"""Templates."""

import re

from mails.errors import TemplateError

_INSIDE = re.compile(r" *([#^/&]?) *([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*|\.) *", re.ASCII)
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
NOWHERE = object()


def render(template, data):
    """Fill a template."""
    tokens = _alone(_tokens(template))
    tree, rest = _tree(tokens, 0, None)
    return "".join(_filled(tree, [data]))


def _tokens(template):
    found, at = [], 0
    while (start := template.find("{{", at)) >= 0:
        found.append(("text", template[at:start]))
        end = template.find("}}", start + 2)
        if end < 0:
            raise TemplateError("a tag without end")
        inside = template[start + 2 : end]
        if inside.lstrip(" ").startswith("!"):
            found.append(("!", inside))
        else:
            match = _INSIDE.fullmatch(inside)
            if not match:
                raise TemplateError(f"no tag: {inside}")
            found.append((match[1] or "=", match[2]))
        at = end + 2
    found.append(("text", template[at:]))
    return found


def _alone(tokens):
    """Take the lines away that hold a single tag which prints nothing."""
    texts = [list(token) for token in tokens]
    for at in range(1, len(tokens), 2):
        if tokens[at][0] in "#^/!" and "\n" not in tokens[at][1]:
            before, after = tokens[at - 1][1], tokens[at + 1][1]
            left = before[before.rfind("\n") + 1 :]
            is_first = "\n" in before or at == 1
            right, line_end, _ = after.partition("\n")
            is_last = line_end or at + 2 == len(tokens)
            if is_first and is_last and not left.strip(" ") and not right.strip(" "):
                old = texts[at - 1][1]
                texts[at - 1][1] = old[: len(old) - len(left)]
                texts[at + 1][1] = after[len(right) + len(line_end) :]
    return [tuple(token) for token in texts]


def _tree(tokens, at, name):
    nodes = []
    while at < len(tokens):
        kind, value = tokens[at]
        at += 1
        if kind in ("#", "^"):
            content, at = _tree(tokens, at, value)
            nodes.append((kind, value, content))
        elif kind == "/":
            if value != name:
                raise TemplateError(f"{value} is closed, not {name}")
            return nodes, at
        elif kind != "!":
            nodes.append((kind, value, None))
    if name is not None:
        raise TemplateError(f"{name} is not closed")
    return nodes, at


def _find(name, items):
    if name == ".":
        return items[-1]
    first, *others = name.split(".")
    value = next((item[first] for item in reversed(items) if isinstance(item, dict) and first in item), NOWHERE)
    for part in others:
        value = value[part] if isinstance(value, dict) and part in value else NOWHERE
    return value


def _filled(nodes, items):
    for kind, name, content in nodes:
        if kind == "text":
            yield name
            continue
        value = _find(name, items)
        is_nothing = value is NOWHERE or value is None or value is False or value in ([], "")
        if kind == "^":
            if is_nothing:
                yield from _filled(content, items)
        elif kind == "#":
            if not is_nothing:
                for each in value if isinstance(value, list) else [value]:
                    inner = [each] if isinstance(value, list) or isinstance(each, dict) else []
                    yield from _filled(content, items + inner)
        else:
            text = _written(value, name)
            yield text if kind == "&" else "".join(_ESCAPES.get(sign, sign) for sign in text)


def _written(value, name):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int)):
        return str(value)
    raise TemplateError(f"{name} can't be written")
PYTHON
