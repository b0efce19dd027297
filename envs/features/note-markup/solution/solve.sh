#!/bin/bash
set -euo pipefail
cat > notes/markup.py <<'PYTHON'
"""The markup."""

import re

_HEADING = re.compile("(#{1,3}) +(.*)", re.DOTALL)
_BULLET = re.compile("-(?: (.*))?", re.DOTALL)
_NUMBER = re.compile(r"([0-9]{1,9})\.(?: (.*))?", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\`*_\[\]()#>-])")
_CODE = re.compile("`([^`]+)`")
_LINK = re.compile(r"\[((?:[^\[\]])+)\]\(((?:https?://|/)[^ \n()]*)\)")
_FENCE = "```"


def escaped(text):
    """Write a text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def to_html(text):
    """Return a note as HTML."""
    return "\n".join(_blocks(text.split("\n")))


def _heading(line):
    match = _HEADING.fullmatch(line)
    if match is None:
        return None
    text = re.sub("(?:^| +)#+$", "", match[2]).strip(" ")
    return (len(match[1]), text) if text else None


def _kind(line):
    line = line.rstrip(" ")
    if not line:
        return "blank"
    if line == _FENCE:
        return "code"
    if _heading(line):
        return "heading"
    if re.fullmatch("-{3,}", line):
        return "rule"
    if line.startswith(">"):
        return "quote"
    if _BULLET.fullmatch(line):
        return "ul"
    if _NUMBER.fullmatch(line):
        return "ol"
    return "text"


def _blocks(lines):
    found, at = [], 0
    while at < len(lines):
        kind, start = _kind(lines[at]), at
        line = lines[at].rstrip(" ")
        at += 1
        if kind == "code":
            while at < len(lines) and lines[at].rstrip(" ") != _FENCE:
                at += 1
            found.append("<pre>" + "".join(escaped(each) + "\n" for each in lines[start + 1 : at]) + "</pre>")
            at += 1
        elif kind == "heading":
            level, text = _heading(line)
            found.append(f"<h{level}>{inline(text)}</h{level}>")
        elif kind == "rule":
            found.append("<hr>")
        elif kind == "quote":
            while at < len(lines) and lines[at].startswith(">"):
                at += 1
            inner = [re.sub("^> ?", "", each) for each in lines[start:at]]
            found.append("<blockquote>" + "\n".join(_blocks(inner)) + "</blockquote>")
        elif kind in ("ul", "ol"):
            at = _list(lines, start, kind, found)
        elif kind == "text":
            while at < len(lines) and _kind(lines[at]) == "text":
                at += 1
            found.append("<p>" + inline("\n".join(each.strip(" ") for each in lines[start:at])) + "</p>")
    return found


def _list(lines, at, kind, found):
    items, first = [], None
    while at < len(lines):
        line = lines[at].rstrip(" ")
        if items and line and lines[at].startswith("  "):
            items[-1] += " " + line.strip(" ")
        elif _kind(line) == kind:
            match = (_BULLET if kind == "ul" else _NUMBER).fullmatch(line)
            first = int(match[1]) if kind == "ol" and first is None else first
            items.append((match[match.re.groups] or "").strip(" "))
        else:
            break
        at += 1
    start = f' start="{first}"' if kind == "ol" and first != 1 else ""
    found.append(f"<{kind}{start}>" + "".join(f"<li>{inline(item.strip(' '))}</li>" for item in items) + f"</{kind}>")
    return at


def _whole(text, at):
    """Return the end of an escape, code or link that begins at a place, or None."""
    for form in (_ESCAPE, _CODE, _LINK):
        match = form.match(text, at)
        if match and not (form is _LINK and not _is_link(match)):
            return match
    return None


def _is_link(match):
    return not re.search(r"\\[\[\]]", match[1])


def _closing(text, at, mark):
    start = at
    while at < len(text):
        match = _whole(text, at)
        if match:
            at = match.end()
        elif text[at] == "*":
            here = "**" if text.startswith("**", at) else "*"
            if here == mark and at > start and text[at - 1] not in " \n":
                return at
            at += len(here)
        else:
            at += 1
    return None


def inline(text, inside=()):
    """Return a text with its inline markup as HTML."""
    parts, at = [], 0
    while at < len(text):
        match = _whole(text, at)
        if match:
            parts.append(_written(match, inside))
            at = match.end()
            continue
        if text[at] != "*":
            parts.append(escaped(text[at]))
            at += 1
            continue
        mark = "**" if text.startswith("**", at) else "*"
        after = at + len(mark)
        end = None
        if mark not in inside and after < len(text) and text[after] not in " \n":
            end = _closing(text, after, mark)
        if end is None:
            parts.append(mark)
            at = after
        else:
            tag = "em" if mark == "*" else "strong"
            parts.append(f"<{tag}>{inline(text[after:end], (*inside, mark))}</{tag}>")
            at = end + len(mark)
    return "".join(parts)


def _written(match, inside):
    if match.re is _ESCAPE:
        return escaped(match[1])
    if match.re is _CODE:
        return f"<code>{escaped(match[1])}</code>"
    return f'<a href="{escaped(match[2])}">{inline(match[1], inside)}</a>'
PYTHON
