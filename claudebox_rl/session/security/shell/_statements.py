"""Statements: lists, pipelines, branches, loops, functions and assignments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._around import Around, Input
from claudebox_rl.session.security.shell._branches import read_branches, read_c_for, read_case, read_for, read_loop
from claudebox_rl.session.security.shell._expand import read_inside, words_of
from claudebox_rl.session.security.shell._find import names_below
from claudebox_rl.session.security.shell._parser import text_of
from claudebox_rl.session.security.shell._redirects import Redirected, read_redirects
from claudebox_rl.session.security.shell._variables import (
    read_assignment,
    read_assignments,
    read_declaration,
    read_expression,
    read_test,
    read_unset,
)
from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from tree_sitter import Node

    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope


def read_statement(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read one statement; return what it prints where that can be known."""
    handler = _HANDLERS.get(node.type)
    if handler is None:
        reader.doubt(f"`{text_of(node)[:40]}` can't be taken apart")
        read_inside(reader, node, scope, around)
        return None
    return handler(reader, node, scope, around)


def _command(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    return run_command(reader, node, [], scope, around)


def run_command(reader: Reader, node: Node, redirects: list[Node], scope: Scope, around: Around) -> str | None:
    """Read a simple command with its redirects."""
    _check_gaps(reader, node)
    inner = scope
    assignments = [c for c in node.children if c.type == "variable_assignment"]
    own = [c for c in node.children if c.type.endswith("_redirect")]
    others = [c for c in node.children if c not in assignments and c not in own]
    redirected = read_redirects(reader, [*own, *redirects], scope, around)
    starts = {part.start_byte for part in [*own, *redirects]}
    if any(part.end_byte in starts and text_of(part).isdigit() for part in others):
        reader.doubt("a redirect that can't be read")
    words = words_of(reader, others, scope, redirected.around)
    if assignments:
        inner = scope.copy()
        for child in assignments:
            read_assignment(reader, child, inner, around)
        inner.variables = dict(scope.variables)
        scope.folders = inner.folders
    words += redirected.words
    out = reader.run(words, scope, redirected.around)
    return finish(reader, redirected, out, scope, around)


def finish(reader: Reader, redirected: Redirected, out: str | None, scope: Scope, around: Around) -> str | None:
    """Send what was printed where redirects send it, and read what follows on a here-document's line."""
    for target, is_added in redirected.output:
        old = scope.content(target) if is_added and scope.written(target) else "" if not is_added else None
        text = None if out is None or old is None else old + out
        scope.files.pop(target.text or "", None) if is_added and text is not None else None
        scope.write(target, text)
    if redirected.is_silent:
        out = ""
    for part in redirected.pipeline:
        out = read_statement(reader, part, scope.copy(), Around(Input(out), via=around.via))
    if redirected.right is not None:
        right = scope.copy()
        tail = read_statement(reader, redirected.right, scope if redirected.operator == "&&" else right, around)
        out = None if out is None or tail is None else out + tail
        if redirected.operator != "&&":
            scope.merge([right])
    return out


def _check_gaps(reader: Reader, node: Node) -> None:
    source = node.text or b""
    end = node.start_byte
    for child in node.children:
        gap = source[end - node.start_byte : child.start_byte - node.start_byte]
        if gap.replace(b"\\\n", b"").strip(b" \t"):
            reader.doubt("a command that the parser and a shell may take apart in other places")
        end = child.end_byte


def _redirected(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    body = node.child_by_field_name("body")
    redirects = node.children_by_field_name("redirect")
    if body is not None and body.type == "command":
        return run_command(reader, body, redirects, scope, around)
    redirected = read_redirects(reader, redirects, scope, around)
    if redirected.words:
        reader.doubt("a redirect with more than one target")
    inner = redirected.around
    out: str | None = ""
    if body is not None:
        _note_redirects(reader, redirected, scope)
        out = read_statement(reader, body, scope, inner)
    elif redirected.around.writes or redirected.around.reads:
        _note_redirects(reader, redirected, scope)
    return finish(reader, redirected, out, scope, around)


def _note_redirects(reader: Reader, redirected: Redirected, scope: Scope) -> None:
    if redirected.around.reads or redirected.around.writes:
        reader.run([Word(":")], scope, replace(redirected.around, stdin=None))


def _list(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    parts = [c for c in node.children if c.is_named]
    operators = [c.type for c in node.children if not c.is_named]
    if len(parts) != 2 or operators not in (["&&"], ["||"]):
        reader.doubt("a list of commands that can't be taken apart")
        return reader.statements(node.children, scope, around)
    before = scope.copy()
    left = read_statement(reader, parts[0], scope, around)
    if operators == ["&&"]:
        after_left = scope.copy()
        right = read_statement(reader, parts[1], scope, around)
        _weaken(scope, before, after_left)
    else:
        other = scope.copy()
        other.folders = other.folders | before.folders if other.folders and before.folders else frozenset()
        right = read_statement(reader, parts[1], other, around)
        scope.merge([other])
    return None if left is None or right is None else left + right


def _weaken(scope: Scope, before: Scope, middle: Scope) -> None:
    """Forget what holds only if the left side succeeded, save the folder: the next `&&` runs only there."""
    for name in {*scope.variables, *middle.variables}:
        if scope.variables.get(name) != middle.variables.get(name):
            old = middle.variables.get(name)
            if old is not None:
                scope.variables[name] = UNKNOWN
    scope.certain &= middle.certain


def _compound(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    if node.children and node.children[0].type == "((":
        return read_expression(reader, node, scope, around)
    return reader.statements(node.children, scope, around.inner())


def _subshell(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    return reader.statements(node.children, scope.copy(), around.inner())


def _pipeline(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    parts = [c for c in node.children if c.is_named and c.type != "comment"]
    stdin = around.stdin
    out: str | None = ""
    before = 0
    for at, part in enumerate(parts):
        inner = Around(stdin if at == 0 else Input(out, names=_names(reader, before)), via=around.via)
        before = len(reader.notes.commands)
        out = read_statement(reader, part, scope.copy(), inner)
    return out


def _names(reader: Reader, before: int) -> tuple[Word, ...]:
    ran = reader.notes.commands[before:]
    return names_below(ran[0]) if len(ran) == 1 else ()


def _do_group(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    return reader.statements(node.children, scope, around)


def _negated(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    return reader.statements([c for c in node.children if c.type != "!"], scope, around)


def _function(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None or body is None:
        reader.doubt("a function that can't be read")
        return ""
    title = text_of(name)
    bodies = scope.functions.setdefault(title, [])
    if all(known.id != body.id for known in bodies):
        bodies.append(body)
    for redirect in node.children_by_field_name("redirect"):
        _note_redirects(reader, read_redirects(reader, [redirect], scope, around), scope)
    scope.certain.add(title)
    if title == "command_not_found_handle":
        reader.statements([body], scope.copy(), around.inner())
    return ""


_Handler = Callable[["Reader", "Node", "Scope", Around], "str | None"]
_HANDLERS: dict[str, _Handler] = {
    "command": _command,
    "redirected_statement": _redirected,
    "list": _list,
    "pipeline": _pipeline,
    "negated_command": _negated,
    "subshell": _subshell,
    "compound_statement": _compound,
    "do_group": _do_group,
    "if_statement": read_branches,
    "while_statement": read_loop,
    "for_statement": read_for,
    "c_style_for_statement": read_c_for,
    "case_statement": read_case,
    "function_definition": _function,
    "variable_assignment": read_assignment,
    "variable_assignments": read_assignments,
    "declaration_command": read_declaration,
    "unset_command": read_unset,
    "test_command": read_test,
}
