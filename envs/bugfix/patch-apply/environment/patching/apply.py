"""Applying of patches."""

from patching.errors import PatchError
from patching.lines import split
from patching.parse import parse


def apply(text, patch):
    """Return the text with a patch applied; see the README."""
    lines, result, done, moved = split(text), [], 0, 0
    for hunk in parse(patch):
        place = find(lines, hunk, hunk.place + moved, done)
        moved = place - hunk.place + len(hunk.new) - len(hunk.old)
        result += lines[done:place] + hunk.new
        done = place + len(hunk.old)
    result += lines[done:]
    return "".join(result)


def find(lines, hunk, near, lowest):
    """Return the place of a hunk that is nearest to a place, and not below the lowest."""
    if not hunk.old:
        if lowest <= near <= len(lines):
            return near
        raise PatchError(f"no place for what is added at {near}")
    places = [place for place in range(lowest, len(lines) + 1) if lines[place : place + len(hunk.old)] == hunk.old]
    if not places:
        raise PatchError(f"no place for {''.join(hunk.old)!r}")
    return places[0]
