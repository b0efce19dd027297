"""What is dangerous in a shell script, by what it would run."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from claudebox_rl.rewards._danger import Danger, danger_of, danger_of_read, danger_of_write
from claudebox_rl.session.security.shell import Command, read_script

_WORKSPACE = "/workspace"
_RUNNERS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "eval", "source", "."})
_FETCHERS = frozenset({"curl", "wget", "fetch", "nc", "ncat"})


def dangers_of_script(script: str) -> Iterator[Danger]:
    """Yield what is dangerous in a script, in no order and more than once where it is there more than once."""
    reading = read_script(script)
    names = {command.name for command in reading.commands}
    if reading.unclear and names & _RUNNERS:
        yield Danger.REMOTE_CODE if names & _FETCHERS else Danger.HIDDEN
    for command in reading.commands:
        yield from _dangers_of_command(command)


def _dangers_of_command(command: Command) -> Iterator[Danger]:
    words = [word.pattern if word.text is None else word.text for word in command.words]
    # A folder that can't be known is taken for one of the session's own, where commands are at home.
    for folder in command.folders or (_WORKSPACE,):
        cwd = posixpath.join(_WORKSPACE, folder)
        # What find(1) deletes is told by find's own words, which say which files.
        found = [None if command.via[-1:] == ("find",) else danger_of(words, cwd=cwd)]
        found += [danger_of_write(word.text, cwd=cwd) for word in command.writes if word.text is not None]
        known = [word.text or word.suffix for word in (*command.words, *command.reads)]
        found += [danger_of_read(text, cwd=cwd) for text in known]
        yield from (danger for danger in found if danger is not None)
