"""Assignments, and what they do to the meaning of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._around import Around
from claudebox_rl.session.security.shell._expand import read_inside, value_of, words_of
from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell._parser import text_of
from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from tree_sitter import Node

    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

MEANING = {
    "PATH": "where programs are looked up",
    "LD_PRELOAD": "what code every program loads",
    "LD_LIBRARY_PATH": "what code every program loads",
    "LD_AUDIT": "what code every program loads",
    "BASH_ENV": "what every shell runs first",
    "ENV": "what every shell runs first",
    "PROMPT_COMMAND": "what the shell runs",
    "PS0": "what the shell runs",
    "PS1": "what the shell runs",
    "PS4": "what the shell runs",
    "SHELLOPTS": "how the shell reads commands",
    "BASHOPTS": "how the shell reads commands",
    "BASH_ALIASES": "what names mean",
    "BASH_CMDS": "what names mean",
    "PYTHONSTARTUP": "what Python runs",
    "PYTHONINSPECT": "what Python runs",
    "PERL5OPT": "what Perl runs",
    "PERL5DB": "what Perl runs",
    "RUBYOPT": "what Ruby runs",
    "NODE_OPTIONS": "what Node runs",
    "SHELL": "which shell programs start",
    "MAKEFLAGS": "what make runs",
    "MAKESHELL": "what make runs",
    "LESSOPEN": "what less runs",
    "GCONV_PATH": "what code every program loads",
}
"""Variables that change what a command means, and how."""
RUNS = names(
    "EDITOR VISUAL PAGER MANPAGER BROWSER GIT_EDITOR GIT_PAGER GIT_SSH_COMMAND GIT_SSH GIT_ASKPASS SSH_ASKPASS "
    "SUDO_ASKPASS GIT_EXTERNAL_DIFF GIT_SEQUENCE_EDITOR GIT_PROXY_COMMAND RSYNC_RSH FCEDIT TAR_OPTIONS"
)
"""Variables that hold a command."""


def assign(reader: Reader, name: str, value: Word, scope: Scope, around: Around) -> None:
    """Note an assignment, and what it does to the meaning of commands."""
    if name in MEANING:
        if not (name == "PATH" and value.text is not None and value.text.startswith("/") and _is_system(value.text)):
            reader.doubt(f"setting {name} changes {MEANING[name]}")
    elif name.startswith(("GIT_CONFIG", "BASH_FUNC_", "npm_config_")):
        reader.doubt(f"setting {name} changes what commands run")
    elif name in RUNS:
        if value.text is None:
            reader.doubt(f"{name} holds a command that can't be known")
        elif value.text:
            reader.script(value.text, scope.copy(), around.inner())
    scope.assign(name, value)


def _is_system(path: str) -> bool:
    good = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", ""}
    return set(path.split(":")) <= good - {""}


def read_assignment(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read an assignment."""
    target = node.child_by_field_name("name")
    if target is None:
        reader.doubt("an assignment that can't be read")
        return ""
    name = text_of(target.child_by_field_name("name") or target)
    read_inside(reader, target, scope, around)
    operator = next((c.type for c in node.children if not c.is_named), "=")
    seen_operator = False
    values: list[Node] = []
    for child in node.children:
        if seen_operator:
            values.append(child)
        seen_operator |= child.type in ("=", "+=")
    if any(v.type == "array" for v in values) or target.type == "subscript":
        for value in values:
            words_of(
                reader, [c for c in value.children if c.is_named] if value.type == "array" else [value], scope, around
            )
        assign(reader, name, UNKNOWN, scope, around)
        scope.fix(name)
        return ""
    value = value_of(reader, values, scope, around) if values else Word("")
    if operator == "+=":
        old = scope.variables.get(name)
        is_known = old is not None and old.text is not None and value.text is not None
        value = Word((old.text or "") + (value.text or "")) if is_known and old is not None else UNKNOWN
    assign(reader, name, value, scope, around)
    return ""


def read_assignments(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read assignments that stand alone."""
    for child in node.named_children:
        read_assignment(reader, child, scope, around)
    return ""


def read_declaration(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read `declare`, `export` and their like."""
    keyword = text_of(node.children[0])
    assigned = [c for c in node.children[1:] if c.type == "variable_assignment"]
    others = [c for c in node.children[1:] if c.type != "variable_assignment"]
    words = words_of(reader, others, scope, around)
    options = "".join(w.text or "?" for w in words if w.text is None or w.text[:1] in "-+")
    is_odd = bool(set(options) - set("-xgpfaAF")) or keyword == "readonly"
    if keyword in ("declare", "typeset", "local") and "n" in options:
        reader.doubt("a name for another variable: what it holds can't be known")
    reader.run([Word(keyword), *words], scope, around)
    for child in assigned:
        read_assignment(reader, child, scope, around)
        name = child.child_by_field_name("name")
        if is_odd and name is not None:
            scope.fix(text_of(name))
            if keyword != "readonly" and set(options) - set("-xgpfaAFr"):
                scope.assign(text_of(name), UNKNOWN)
    for word in words:
        if word.text is None:
            reader.doubt(f"what `{keyword}` sets can't be known")
        elif "=" in word.text and word.text[0] not in "-+":
            name, _, value = word.text.partition("=")
            assign(reader, name, Word(value) if not is_odd else UNKNOWN, scope, around)
        elif is_odd:
            scope.fix(word.text)
    return ""


def read_unset(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read `unset`."""
    words = words_of(reader, node.children[1:], scope, around)
    reader.run([Word("unset"), *words], scope, around)
    for word in words:
        if word.text is None:
            scope.certain.clear()
            scope.variables = dict.fromkeys(scope.variables, UNKNOWN)
        else:
            scope.certain.discard(word.text)
            if word.text in scope.variables:
                scope.assign(word.text, UNKNOWN)
    return ""


def read_test(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read `[` and `[[`."""
    read_inside(reader, node, scope, around)
    if node.children and node.children[0].type == "[":
        reader.run([Word("[")], scope, around)
    _check_arithmetic(reader, node, scope)
    return ""


def read_expression(reader: Reader, node: Node, scope: Scope, around: Around) -> str | None:
    """Read an arithmetic command."""
    read_inside(reader, node, scope, around)
    _check_arithmetic(reader, node, scope)
    stack = [node]
    while stack:
        top = stack.pop()
        stack.extend(top.children)
        if top.type in ("variable_name", "word"):
            name = text_of(top)
            if name in scope.variables or name in MEANING:
                assign(reader, name, UNKNOWN, scope, around)
    return ""


def _check_arithmetic(reader: Reader, node: Node, scope: Scope) -> None:
    for name, value in scope.variables.items():
        if value.text and "[" in value.text and "$" in value.text and name in text_of(node):
            reader.doubt(f"the value of {name} may run a command where it is taken for arithmetic")
