"""Branches and loops: every way is read, and what the ways agree on is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._around import Around
from claudebox_rl.session.security.shell._expand import read_inside, value_of, words_of
from claudebox_rl.session.security.shell._parser import text_of
from claudebox_rl.session.security.shell._variables import read_expression
from claudebox_rl.session.security.shell.reading import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_CAP_TURNS = 20


def read_branches(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read an `if`."""
    keywords = {"then", "else", "elif_clause", "else_clause"}
    at = next((i for i, c in enumerate(node.children) if c.type in keywords), len(node.children))
    reader.statements(node.children[:at], scope, around.inner())
    ways = [scope.copy()]
    body: list[Node] = []
    for child in [*node.children[at:], None]:
        if child is None or child.type in ("elif_clause", "else_clause"):
            ways.append(scope.copy())
            reader.statements(body, ways[-1], around.inner())
            body = []
            if child is not None:
                ways.append(scope.copy())
                read_branches(reader, child, ways[-1], around)
        else:
            body.append(child)
    scope.merge(ways)
    return None


def _forget_changed(node: Node, scope: Scope) -> None:
    """Forget the variables and folders that a loop's body may change for its next turn."""
    stack = [node]
    while stack:
        top = stack.pop()
        stack.extend(top.children)
        if top.type == "variable_assignment":
            name = top.child_by_field_name("name")
            if name is not None:
                scope.assign(text_of(name.child_by_field_name("name") or name), UNKNOWN)
        elif top.type == "command_name" and text_of(top) in ("read", "mapfile", "readarray", "getopts", "printf"):
            for word in top.parent.children if top.parent else []:
                scope.assign(text_of(word), UNKNOWN)
        elif top.type == "command_name" and text_of(top) in ("cd", "pushd", "popd") and not _is_forked(top, node):
            scope.folders = frozenset()
        elif top.type == "command_name" and text_of(top) in ("set", "shift"):
            scope.args = None


def _is_forked(node: Node, stop: Node) -> bool:
    at: Node | None = node
    while at is not None and at.id != stop.id:
        if at.type in ("subshell", "command_substitution", "pipeline", "process_substitution"):
            return True
        at = at.parent
    return False


def read_loop(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read a `while` or `until`."""
    inner = scope.copy()
    _forget_changed(node, inner)
    reader.statements([c for c in node.children if c.type not in ("while", "until")], inner, around.inner())
    scope.merge([inner])
    return None


def read_for(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read a `for` or `select`: a turn for each value that is known."""
    variable = node.child_by_field_name("variable")
    body = node.child_by_field_name("body")
    if variable is None or body is None:
        reader.doubt("a loop that can't be read")
        return None
    is_in = any(c.type == "in" for c in node.children)
    is_select = node.children[0].type == "select"
    values = words_of(reader, node.children_by_field_name("value"), scope, around) if is_in else [UNKNOWN]
    turns = values if len(values) <= _CAP_TURNS and not is_select else [UNKNOWN]
    ends: list[Scope] = []
    printed: str | None = ""
    for value in turns:
        inner = scope.copy()
        _forget_changed(body, inner)
        inner.assign(text_of(variable), replace(value, is_many=value.is_many or value.pattern is not None))
        out = reader.statements(body.children, inner, around.inner())
        printed = None if out is None or printed is None else printed + out
        ends.append(inner)
    scope.merge(ends)
    return None if len(turns) != 1 else printed if turns[0].text is not None else None


def read_c_for(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read a `for ((...))`."""
    body = node.child_by_field_name("body")
    for child in node.children:
        if body is not None and child.id != body.id:
            read_expression(reader, child, scope, around)
    inner = scope.copy()
    _forget_changed(node, inner)
    if body is not None:
        reader.statements(body.children, inner, around.inner())
    scope.merge([inner])
    return None


def read_case(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read a `case`."""
    ways = [scope.copy()]
    for child in node.children:
        if child.type != "case_item":
            read_inside(reader, child, scope, around) if child.children else None
            continue
        way = scope.copy()
        closing = next((i for i, c in enumerate(child.children) if c.type == ")"), 0)
        patterns = [part for part in child.children[:closing] if part.is_named]
        for pattern in patterns:
            value_of(reader, [pattern], way, around)
        reader.statements(child.children[closing + 1 :], way, around.inner())
        ways.append(way)
        # A `;&` falls through; what a later branch would have known from an earlier one is forgotten.
        if any(c.type in (";&", ";;&") for c in child.children):
            scope.merge([way])
    value = node.child_by_field_name("value")
    if value is not None:
        value_of(reader, [value], scope, around)
    scope.merge(ways)
    return None
