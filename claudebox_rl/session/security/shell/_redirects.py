"""Redirects: what a command reads and writes, and what it is fed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._around import Around, Input
from claudebox_rl.session.security.shell._expand import mixed, value_of, words_of
from claudebox_rl.session.security.shell._parser import text_of
from claudebox_rl.session.security.shell.reading import Word

if TYPE_CHECKING:
    from tree_sitter import Node

    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_TO_FILES = frozenset({">", ">>", ">|", "&>", "&>>"})
_PLAIN_TARGET = frozenset("0123456789-")


@dataclass(slots=True)
class Redirected:
    """What redirects make of what stands around a command.

    Attributes:
        around: What the command has around it.
        words: More of the command's words, which the parser put behind a target.
        rest: Nodes that follow a here-document's start on its line: the rest of the pipeline or list.
        output: Files that its standard output goes to.
        is_silent: Whether its standard output goes elsewhere than to who reads the command.
    """

    around: Around
    words: list[Word] = field(default_factory=list[Word])
    pipeline: list[Node] = field(default_factory=list["Node"])
    operator: str = ""
    right: Node | None = None
    output: list[tuple[Word, bool]] = field(default_factory=list[tuple[Word, bool]])
    is_silent: bool = False


def read_redirects(reader: Reader, nodes: list[Node], scope: Scope, around: Around) -> Redirected:
    """Read redirects, in their order."""
    found = Redirected(around)
    for node in nodes:
        if node.type == "file_redirect":
            _file(reader, node, scope, found)
        elif node.type == "herestring_redirect":
            _here_string(reader, node, scope, found)
        elif node.type == "heredoc_redirect":
            _here_document(reader, node, scope, found)
        else:
            reader.doubt("a redirect that can't be read")
    return found


def _file(reader: Reader, node: Node, scope: Scope, found: Redirected) -> None:
    descriptor = next((text_of(c) for c in node.children if c.type == "file_descriptor"), "")
    operator = next((c.type for c in node.children if not c.is_named), "")
    targets = node.children_by_field_name("destination")
    if not targets:
        if operator not in ("<&-", ">&-"):
            reader.doubt("a redirect that can't be read")
        return
    group = [targets[0]]
    while len(targets) > len(group) and group[-1].end_byte == targets[len(group)].start_byte:
        group.append(targets[len(group)])
    target = value_of(reader, group, scope, found.around)
    found.words += words_of(reader, targets[len(group) :], scope, found.around)
    is_number = target.text is not None and set(target.text) <= _PLAIN_TARGET
    if operator in (">&", "<&") and (is_number or target.text is None):
        if operator == "<&" and descriptor in ("", "0"):
            found.around = replace(found.around, stdin=Input(None, is_own=False))
        if operator == ">&" and descriptor in ("", "1"):
            found.is_silent = True
        return
    if operator in _TO_FILES or operator == ">&":
        found.around = replace(found.around, writes=(*found.around.writes, target))
        if descriptor in ("", "1"):
            found.output.append((target, operator in (">>", "&>>")))
            found.is_silent = True
        else:
            scope.write(target, None)
        return
    if operator != "<":
        reader.doubt(f"the redirect `{operator}` can't be read")
    found.around = replace(found.around, reads=(*found.around.reads, target))
    if descriptor in ("", "0"):
        content = target.feed if target.is_feed else scope.content(target)
        is_empty = target.text == "/dev/null"
        found.around = replace(found.around, stdin=None if is_empty else Input(content))


def _here_string(reader: Reader, node: Node, scope: Scope, found: Redirected) -> None:
    parts = [c for c in node.children if c.is_named and c.type != "file_descriptor"]
    group = parts[:1]
    while len(parts) > len(group) and group[-1].end_byte == parts[len(group)].start_byte:
        group.append(parts[len(group)])
    value = value_of(reader, group, scope, found.around)
    found.words += words_of(reader, parts[len(group) :], scope, found.around)
    text = None if value.text is None else value.text + "\n"
    found.around = replace(found.around, stdin=Input(text))


def _here_document(reader: Reader, node: Node, scope: Scope, found: Redirected) -> None:
    start = next((text_of(c) for c in node.children if c.type == "heredoc_start"), "")
    body = next((c for c in node.children if c.type == "heredoc_body"), None)
    found.around = replace(found.around, stdin=Input(_here_text(reader, node, start, body, scope, found.around)))
    inner = list(node.children_by_field_name("redirect"))
    more = read_redirects(reader, inner, scope, found.around)
    found.around = more.around
    found.words += more.words + words_of(reader, node.children_by_field_name("argument"), scope, found.around)
    found.output += more.output
    found.is_silent |= more.is_silent
    pipeline = next((c for c in node.children if c.type == "pipeline"), None)
    found.pipeline += [c for c in pipeline.children if c.is_named] if pipeline else []
    operator = node.child_by_field_name("operator")
    found.operator = text_of(operator) if operator else found.operator
    found.right = node.child_by_field_name("right") or found.right
    known = {"<<", "<<-", "heredoc_start", "heredoc_body", "heredoc_end", "pipeline", "file_descriptor"}
    seen = {c.id for c in [*inner, *node.children_by_field_name("argument"), operator, found.right] if c is not None}
    if any(c.type not in known and c.id not in seen for c in node.children):
        reader.doubt("the line of a here-document can't be read")


def _here_text(reader: Reader, node: Node, start: str, body: Node | None, scope: Scope, around: Around) -> str | None:
    is_raw = len(start) > 2 and start[0] == start[-1] and start[0] in "'\""
    name = start[1:-1] if is_raw else start
    if not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
        reader.doubt("the end of a here-document can't be told")
        return None
    if body is None:
        return ""
    source = text_of(body)
    is_indented = any(c.type == "<<-" for c in node.children)
    lines = source.split("\n")
    if any((line.lstrip("\t") if is_indented else line) == name for line in lines):
        reader.doubt("a here-document that the parser and a shell may end in other places")
    if is_indented:
        lines = [line.lstrip("\t") for line in lines]
    if is_raw:
        return "\n".join(lines)
    pieces = mixed(reader, body, (0, len(body.text or b"")), scope, around, is_here=True)
    if any(piece.text is None for piece in pieces):
        return None
    text = "".join(piece.text or "" for piece in pieces)
    return "\n".join(line.lstrip("\t") for line in text.split("\n")) if is_indented else text
