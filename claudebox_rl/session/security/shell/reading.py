"""What a shell script would run, as far as it can be known without running it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command, after quotes and expansions.

    Attributes:
        text: The word, or None where it can't be known.
        prefix: How it starts, where only that is known.
        suffix: How it ends, where only that is known.
        pattern: The pattern whose matches it stands for, if it is one.
        is_many: Whether it may be several words, or none.
        feed: What reading it as a file gives, where it is a process substitution.
        is_feed: Whether it is a process substitution.
        is_tame: Whether it can't name a path or an option, whatever it is: a date, a count, a commit's hash.
    """

    text: str | None
    prefix: str = ""
    suffix: str = ""
    pattern: str | None = None
    is_many: bool = False
    feed: str | None = None
    is_feed: bool = False
    is_tame: bool = False

    @property
    def base(self) -> str | None:
        """The last part of the path that the word is, or None."""
        if self.text is not None:
            return posixpath.basename(self.text) or self.text
        tail = self.suffix.rpartition("/")[2] if "/" in self.suffix and not self.is_many else ""
        return tail or None

    def starts(self) -> str:
        """Return how the word starts, as far as that is known."""
        return self.prefix if self.text is None else self.text


UNKNOWN = Word(None, is_many=True)
"""A word of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command that would run.

    Attributes:
        words: Its words, the program first.
        via: The launchers around it, outermost first: `sudo`, `xargs`, `bash -c`'s `bash`.
        reads: What it reads by redirects.
        writes: What it writes by redirects.
        folders: Where it may run, relative to where the script starts unless absolute; empty where that can't be known.
    """

    words: tuple[Word, ...]
    via: tuple[str, ...] = ()
    reads: tuple[Word, ...] = ()
    writes: tuple[Word, ...] = ()
    folders: tuple[str, ...] = (".",)

    @property
    def name(self) -> str | None:
        """The program without its folders, or None where it can't be known."""
        return self.words[0].base if self.words else None

    @property
    def argv(self) -> tuple[str | None, ...]:
        """The words; None for one that can't be known, a pattern of file names too."""
        return tuple(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a script would run.

    Attributes:
        commands: Every command found, in the order of the text; those of branches that may not be taken too.
        unclear: Why there may be more: one reason for each thing that can't be known.
    """

    commands: tuple[Command, ...]
    unclear: tuple[str, ...] = field(default=())
