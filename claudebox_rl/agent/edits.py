"""The edits that a change of files is made of, and what is there when only some of them are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import SequenceMatcher


def partly(before: Mapping[str, bytes], after: Mapping[str, bytes], is_done: Callable[[], bool]) -> dict[str, bytes]:
    """Return the files that are there when some edits between two states are done, and the others are not.

    An edit is a run of changed lines of a file; of a new file, a block that begins at the margin after an empty line; a
    new or changed file that is no text, and a file that was removed, are one edit each.

    Args:
        before: Path to content.
        after: Likewise.
        is_done: Asked once for each edit, by path and line.
    """
    there = dict(after)
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        content = _file(before.get(path), after.get(path), is_done)
        if content is None:
            there.pop(path, None)
        else:
            there[path] = content
    return there


def _file(before: bytes | None, after: bytes | None, is_done: Callable[[], bool]) -> bytes | None:
    old, new = _lines(before), _lines(after)
    if after is None or old is None or new is None:
        return after if is_done() else before
    if before is None:
        kept = [block for block in blocks(new) if is_done()]
        return b"".join(line for block in kept for line in block) if kept else None
    lines: list[bytes] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        lines += new[new_from:new_to] if kind == "equal" or is_done() else old[old_from:old_to]
    return b"".join(lines)


def blocks(lines: list[bytes]) -> list[list[bytes]]:
    """Return the lines of a file, cut where one at the margin follows an empty one; at least one block."""
    found: list[list[bytes]] = [[]]
    for index, line in enumerate(lines):
        if index and line[:1].strip() and not lines[index - 1].strip():
            found.append([])
        found[-1].append(line)
    return found


def _lines(content: bytes | None) -> list[bytes] | None:
    """Return the lines of a text, none for a missing file; None where it is no text."""
    if content is None:
        return []
    return None if b"\0" in content else content.splitlines(keepends=True)
