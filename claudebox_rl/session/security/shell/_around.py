"""What stands around a command, and what a reading gathers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from claudebox_rl.session.security.shell.reading import Command, Word

_CAP_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Input:
    """What a command reads from its standard input.

    Attributes:
        text: The whole of it; None where it can't be known.
        is_own: Whether the command alone reads it, from its start.
        names: Patterns of the file names in it, where it is a list of names.
    """

    text: str | None
    is_own: bool = True
    names: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a command: its input, redirects and launchers.

    Attributes:
        stdin: Its input; None where nobody feeds it.
        reads: What it reads by redirects.
        writes: What it writes by redirects.
        via: The launchers.
    """

    stdin: Input | None = None
    reads: tuple[Word, ...] = ()
    writes: tuple[Word, ...] = ()
    via: tuple[str, ...] = ()

    def inner(self) -> Around:
        """Return what the parts of a compound command have around them."""
        stdin = replace(self.stdin, is_own=False) if self.stdin else None
        return Around(stdin, via=self.via)


@dataclass(slots=True)
class Notes:
    """What was found so far, and what effort is left."""

    commands: list[Command] = field(default_factory=list[Command])
    unclear: list[str] = field(default_factory=list[str])
    steps: int = _CAP_STEPS
    depth: int = 0
