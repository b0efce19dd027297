"""What is known at a point of a script: variables, functions, aliases, files, folders."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_CAP_FOLDERS = 8


@dataclass(slots=True)
class Scope:
    """What is known; copied where the shell would fork, merged where branches meet."""

    variables: dict[str, Word] = field(default_factory=dict[str, Word])
    fixed: set[str] = field(default_factory=set[str])
    """Variables that an assignment may not change, or may change to something else: readonly, integers, references."""
    functions: dict[str, list[Node]] = field(default_factory=dict[str, "list[Node]"])
    certain: set[str] = field(default_factory=set[str])
    """Functions that are defined here on every way."""
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    """Files that the script wrote, by the path as written; None where the content can't be known."""
    folders: frozenset[str] = frozenset({"."})
    """Where it may be; empty where that can't be known."""
    args: tuple[Word, ...] | None = None
    is_split_changed: bool = False
    """Whether IFS was set, so that words may come apart in other places."""

    def copy(self) -> Scope:
        """Return what a forked shell would know; functions, which may be exported, and files are shared."""
        return replace(
            self,
            variables=dict(self.variables),
            fixed=set(self.fixed),
            aliases=dict(self.aliases),
            certain=set(self.certain),
        )

    def merge(self, others: Iterable[Scope]) -> None:
        """Keep what this and the others agree on."""
        for other in others:
            for name in {*self.variables, *other.variables}:
                if self.variables.get(name) != other.variables.get(name):
                    self.variables[name] = UNKNOWN
            self.fixed |= other.fixed
            self.certain &= other.certain
            self.aliases = {**other.aliases, **self.aliases}
            self.is_split_changed |= other.is_split_changed
            if self.args != other.args:
                self.args = None
            both = self.folders and other.folders and (self.folders | other.folders)
            self.folders = both if both and len(both) <= _CAP_FOLDERS else frozenset()

    def assign(self, name: str, value: Word) -> None:
        """Note an assignment."""
        if name == "IFS":
            self.is_split_changed = True
        self.variables[name] = UNKNOWN if name in self.fixed else value

    def fix(self, name: str) -> None:
        """Note that later assignments to a variable may do nothing, or something else."""
        self.fixed.add(name)

    def enter(self, folder: Word | None) -> frozenset[str]:
        """Return where a `cd` leads; None is the home folder."""
        if folder is None:
            return frozenset({"~"})
        text = folder.text
        if text is None or text == "-" or not self.folders:
            return frozenset({text}) if text and text[0] in "/~" else frozenset()
        return frozenset(
            posixpath.normpath(text if text[0:1] in "/~" else posixpath.join(f, text)) for f in self.folders
        )

    def written(self, word: Word) -> bool:
        """Whether the script may have written this file."""
        text = word.text
        if text is None:
            return bool(self.files)
        base = posixpath.basename(text)
        return any(posixpath.basename(path) == base for path in self.files) or "" in self.files

    def content(self, word: Word) -> str | None:
        """Return what the script wrote into this file, or None."""
        if word.text is None or "" in self.files:
            return None
        same = [
            text for path, text in self.files.items() if posixpath.basename(path) == posixpath.basename(word.text or "")
        ]
        return same[0] if len(same) == 1 else None

    def write(self, word: Word, content: str | None) -> None:
        """Note that a file was written; "" stands for a file whose name can't be known."""
        path = "" if word.text is None else posixpath.normpath(word.text)
        if path.startswith("/dev/"):
            return
        self.files[path] = content if path not in self.files or self.files[path] == content else None
