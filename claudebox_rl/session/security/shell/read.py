"""Reads a script, and says what it would run."""

from __future__ import annotations

from functools import lru_cache

from claudebox_rl.session.security.shell._around import Around, Notes
from claudebox_rl.session.security.shell._reader import Reader
from claudebox_rl.session.security.shell._scope import Scope
from claudebox_rl.session.security.shell.reading import Reading

_CACHE = 256


@lru_cache(maxsize=_CACHE)
def read_script(text: str) -> Reading:
    """Return what a Bash script would run, without running it.

    Bounded in time and memory for any text: what is too long or too deep is unclear.

    Args:
        text: The script.

    Returns:
        Its commands, and why there may be more.
    """
    notes = Notes()
    try:
        Reader(notes).script(text, Scope(), Around())
    except RecursionError:
        notes.unclear.append("the command is too long or too deeply nested to be judged")
    return Reading(tuple(notes.commands), tuple(notes.unclear))
