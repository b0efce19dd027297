"""Walks a script as a shell would, and notes what it would run."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._around import Around, Notes
from claudebox_rl.session.security.shell._launch import LAUNCHERS
from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell._outputs import output_of
from claudebox_rl.session.security.shell._parser import parse, why_not_parsed
from claudebox_rl.session.security.shell._scope import Scope
from claudebox_rl.session.security.shell.reading import Command, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_CAP_DEPTH = 60
_CAP_REASONS = 50
_KEEPS_FILES = names(
    "chmod bash sh dash zsh ksh source . cat echo printf ls test [ cd true : set head tail wc grep eval exec "
    "command env python python3 sudo time nohup timeout xargs find busybox mkdir sleep pwd export"
)
"""Commands after which the script's own files are what they were, save by what these run."""
_RESERVED = names("if then elif else fi do done case esac while until for select function in { } [[ ]] !")


class Reader:
    """Reads one script into `notes`; nested scripts are read by the same reader."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def doubt(self, reason: str) -> None:
        """Note that there may be more than was found."""
        if reason not in self.notes.unclear and len(self.notes.unclear) < _CAP_REASONS:
            self.notes.unclear.append(reason)

    def script(self, text: str, scope: Scope, around: Around) -> str | None:
        """Read a script; return what it prints where that can be known."""
        if reason := why_not_parsed(text):
            self.doubt(reason)
            return None
        if self._is_too_much(20):
            return None
        root = parse(text)
        if root is None:
            self.doubt("the command takes too long to parse")
            return None
        if root.has_error:
            self.doubt("the command does not parse as Bash")
        self.notes.depth += 3
        try:
            return self.statements(root.children, scope, around)
        finally:
            self.notes.depth -= 3

    def _is_too_much(self, steps: int = 1) -> bool:
        self.notes.steps -= steps
        if self.notes.steps < 0 or self.notes.depth > _CAP_DEPTH:
            self.doubt("the command is too long or too deeply nested to be judged")
            return True
        return False

    def statements(self, nodes: list[Node], scope: Scope, around: Around) -> str | None:
        """Read statements one after another."""
        from claudebox_rl.session.security.shell._statements import read_statement

        printed: str | None = ""
        for at, node in enumerate(nodes):
            before = scope.folders
            if not node.is_named or node.type == "comment":
                continue
            is_forked = at + 1 < len(nodes) and nodes[at + 1].type == "&"
            if self._is_too_much():
                return None
            self.notes.depth += 1
            out = read_statement(self, node, scope.copy() if is_forked else scope, around)
            self.notes.depth -= 1
            # A `cd` may fail, and what stands on the next line runs all the same.
            if scope.folders != before:
                scope.folders = scope.folders and before and scope.folders | before
            printed = None if out is None or printed is None or is_forked else printed + out
        return printed

    def run(self, words: list[Word], scope: Scope, around: Around) -> str | None:
        """Read a simple command, after its expansions; return what it prints where that can be known."""
        if not words or self._is_too_much(1 + len(words) // 20):
            return "" if not words else None
        command = Command(tuple(words), around.via, around.reads, around.writes, tuple(sorted(scope.folders)))
        head, name = words[0], command.name
        if name in scope.certain and head.text == name:
            return self._call(name, words, scope, around)
        self.notes.commands.append(command)
        if name is None or (head.is_many and not head.suffix):
            self.doubt("the name of a command can't be known before it runs")
            return None
        if name in scope.functions:
            self._call(name, words, scope.copy(), around)
        self._doubt_name(head, name, scope)
        if name in scope.aliases:
            tail = " ".join(_source(word) for word in words[1:])
            self.notes.depth += 1
            self.script(f"{scope.aliases[name]} {tail}", replace(scope.copy(), aliases={}), around)
            self.notes.depth -= 1
        self._note_files(name, words, scope, around)
        launcher = LAUNCHERS.get(name) or LAUNCHERS.get(_plain_name(name))
        if launcher is not None:
            self.notes.depth += 1
            out = launcher(self, words, scope, replace(around, via=(*around.via, name)))
            self.notes.depth -= 1
            return out
        self._written_before(words, scope, around)
        return output_of(name, words[1:], scope, around.stdin.text if around.stdin else "")

    def _call(self, name: str, words: list[Word], scope: Scope, around: Around) -> str | None:
        printed: str | None = ""
        self.notes.depth += 8
        for body in scope.functions[name]:
            outer, scope.args = scope.args, tuple(words[1:])
            out = self.statements([body], scope, around.inner())
            scope.args = outer
            printed = None if out is None else out
        self.notes.depth -= 8
        return printed if len(scope.functions[name]) == 1 else None

    def _doubt_name(self, head: Word, name: str, scope: Scope) -> None:
        if not name.isascii() or not name.isprintable():
            self.doubt(f"{name!a}: the name of a command has characters that only look like letters, or show nothing")
        elif name in _RESERVED:
            self.doubt(f"`{name}` stands where the parser took it for a command")
        elif head.text and head.text.startswith("~") and "/" not in head.text:
            self.doubt("the name of a command can't be known before it runs")
        if head.text and head.text.startswith(("/proc/", "/dev/")):
            self.doubt(f"`{head.text[:40]}`: what such a file is can't be known")
        if head.text and "$(" in head.text:
            self.doubt("the name of a command holds an expansion")

    def _written_before(self, words: list[Word], scope: Scope, around: Around) -> None:
        head = words[0]
        if head.text is not None and "/" not in head.text:
            return
        if not scope.written(head):
            return
        content = scope.content(head)
        if content is None or (
            content.startswith("#!") and not re.match(r"#!\s*(/usr)?/bin/(env\s+)?(ba|da)?sh\b", content)
        ):
            self.doubt(f"`{head.base}` is written by the same call, and what it does can't be known")
            return
        inner = replace(scope.copy(), args=tuple(words[1:]))
        self.script(content, inner, replace(around.inner(), via=(*around.via, head.base or "")))

    def _note_files(self, name: str, words: list[Word], scope: Scope, around: Around) -> None:
        """Note which files a command may write; after most commands, what a file holds is no longer known."""
        operands = [word for word in words[1:] if not word.starts().startswith("-")]
        if name in ("cp", "mv", "ln", "install", "dd", "touch", "patch", "sponge"):
            for word in operands:
                scope.write(Word(word.text.removeprefix("of=")) if word.text else word, None)
        elif name == "tee":
            for word in operands:
                scope.files.pop(word.text or "", None)
                scope.write(word, around.stdin.text if around.stdin else None)
        elif name in ("curl", "wget"):
            for word in operands:
                scope.write(word, None)
        elif scope.files and name not in _KEEPS_FILES:
            scope.files.update(dict.fromkeys(scope.files))


def _plain_name(name: str) -> str:
    """Return a program's name without its version: `perl5.36`, `ld-linux-x86-64.so.2`."""
    if re.match(r"ld(-linux|-musl|64|32|-\d)?[\w.-]*\.so", name):
        return "ld.so"
    return re.sub(r"[-.]?\d[\d.]*$", "", name)


def quote(text: str) -> str:
    """Return a text as a shell's word."""
    return "'" + text.replace("'", "'\\''") + "'"


def _source(word: Word) -> str:
    """Return how a word may be written again; what can't be known stays so."""
    if word.text is not None:
        return quote(word.text)
    is_plain = word.pattern is not None and re.fullmatch(r"[\w./*?-]+", word.pattern)
    return word.pattern if word.pattern is not None and is_plain else '"$@"'
