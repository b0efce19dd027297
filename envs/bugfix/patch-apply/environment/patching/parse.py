"""Reading of patches."""

import re

from patching.errors import PatchError
from patching.hunk import Hunk
from patching.lines import split

_HEAD = re.compile(r"@@ -([0-9]+)(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@")


def parse(patch):
    """Return the hunks of a patch."""
    lines = split(patch)
    at = 0
    while at < len(lines) and not _HEAD.match(lines[at]):
        at += 1
    hunks = []
    while at < len(lines):
        match = _HEAD.match(lines[at])
        if match is None:
            raise PatchError(f"not a hunk: {lines[at]!r}")
        old, new = int(match[2] or 0), int(match[4] or 0)
        hunk = Hunk(max(0, int(match[1]) - 1))
        at += 1
        while len(hunk.old) < old or len(hunk.new) < new:
            at = _take(hunk, lines, at)
        hunks.append(hunk)
    return hunks


def _take(hunk, lines, at):
    """Take the line at a place into a hunk, and return the next place."""
    if at == len(lines):
        raise PatchError("fewer lines than its head says")
    line = lines[at]
    kind, content = (" ", "\n") if line == "\n" else (line[0], line[1:])
    if kind == "\\":
        return _without_end(hunk, lines, at)
    if kind not in " +-":
        raise PatchError(f"not a line of a hunk: {line!r}")
    if not content.endswith("\n"):
        content += "\n"
    if kind in " -":
        hunk.old.append(content)
    if kind in " +":
        hunk.new.append(content)
    return at + 1


def _without_end(hunk, lines, at):
    """Take the end away from the line before a note about it, if there is one, and return the next place."""
    if at == len(lines) or not lines[at].startswith("\\"):
        return at
    kind = lines[at - 1][0]
    if kind in "+":
        hunk.new[-1] = hunk.new[-1].rstrip()
    return at + 1
