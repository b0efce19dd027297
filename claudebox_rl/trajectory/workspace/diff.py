"""Unified diffs in the form of `git diff`: made, and applied to the very text that they were made of."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from difflib import SequenceMatcher
from itertools import pairwise

_CONTEXT = 3
_MOST_PAIRS = 1_000_000
"""Lines times lines that are compared: difflib takes more than their product in the worst case."""
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_NEWLINE = "\\ No newline at end of file\n"


def diff(name: str, before: str | None, after: str | None, modes: tuple[int, int]) -> str:
    """Return the section of one file; None stands for no file.

    Args:
        name: As `names.quoted` gives it.
        before: The task's text.
        after: The final text.
        modes: Permission bits before and after.
    """
    old, new = (f'"{side}/{name[1:]}' if name.startswith('"') else f"{side}/{name}" for side in "ab")
    was, is_ = (f"100{'755' if mode & 0o100 else '644'}" for mode in modes)
    lines = [f"diff --git {old} {new}"]
    if before is None:
        lines.append(f"new file mode {is_}")
    elif after is None:
        lines.append(f"deleted file mode {was}")
    elif was != is_:
        lines += [f"old mode {was}", f"new mode {is_}"]
    hunks = "".join(_hunks(_lines(before or ""), _lines(after or "")))
    if hunks:
        # As git does it: a tab ends a name with a space in it.
        ends = ["/dev/null" if text is None else side + "\t" * (" " in side) for text, side in
                ((before, old), (after, new))]  # fmt: skip
        lines += [f"--- {ends[0]}", f"+++ {ends[1]}"]
    return "\n".join(lines) + "\n" + hunks


def sections(text: str) -> dict[str, str]:
    """Return the hunks of each file by its quoted name, as `diff` wrote them one after another.

    Raises:
        ValueError: It is no such diff.
    """
    found: dict[str, str] = {}
    for part in _parts(text):
        head, _, rest = part.partition("\n")
        _, mark, hunks = f"\n{rest}".partition("\n@@ ")
        found[_name_of(head)] = mark[1:] + hunks
    return found


def apply(hunks: str, before: str) -> str:
    """Return the text after the hunks of one file; each must fit exactly where it says.

    Raises:
        ValueError: It was made of another text, or is damaged.
    """
    source, result, at = _lines(before), list[str](), 0
    lines = iter(_joined(hunks))
    for line in lines:
        head = _HUNK.match(line)
        if head is None:
            raise ValueError(f"no head of a hunk: {line!r:.80}")
        start, old, new = int(head[1]), int(head[2] or 1), int(head[4] or 1)
        start = start if old == 0 else start - 1
        if not at <= start <= len(source):
            raise ValueError("the hunks are out of order, or the text is shorter")
        result += source[at:start]
        at = start
        while old > 0 or new > 0:
            line = next(lines, "")
            kind, text = line[:1], line[1:]
            if kind in (" ", "-"):
                if at >= len(source) or source[at] != text:
                    raise ValueError(f"the text differs at line {at + 1}")
                at, old = at + 1, old - 1
            if kind in (" ", "+"):
                result.append(text)
                new -= 1
            if kind not in (" ", "-", "+"):
                raise ValueError("a hunk is cut off")
    return "".join(result) + "".join(source[at:])


def apply_all(text: str, before: Mapping[str, str]) -> dict[str, str]:
    """Return the texts after a whole diff by quoted name; a name that `before` lacks begins empty.

    Raises:
        ValueError: As `apply`.
    """
    return {name: apply(hunks, before.get(name, "")) for name, hunks in sections(text).items()}


def _hunks(before: list[str], after: list[str]) -> Generator[str]:
    for group in _grouped(_opcodes(before, after)):
        (_, first, _, first_new, _), (_, _, last, _, last_new) = group[0], group[-1]
        yield f"@@ -{_range(first, last)} +{_range(first_new, last_new)} @@\n"
        for tag, i, j, k, m in group:
            if tag == "equal":
                yield from (_line(" ", line) for line in before[i:j])
                continue
            yield from (_line("-", line) for line in before[i:j])
            yield from (_line("+", line) for line in after[k:m])


Opcode = tuple[str, int, int, int, int]


def _opcodes(before: list[str], after: list[str]) -> list[Opcode]:
    """Return difflib's opcodes; what both begin and end with is not given to it."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(old) * len(new) <= _MOST_PAIRS:
        middle: list[Opcode] = list(SequenceMatcher(None, old, new).get_opcodes())
    else:
        middle = [("replace", 0, len(old), 0, len(new))]
    codes: list[Opcode] = [("equal", 0, head, 0, head)]
    codes += [(tag, i + head, j + head, k + head, m + head) for tag, i, j, k, m in middle]
    return [*codes, ("equal", len(before) - tail, len(before), len(after) - tail, len(after))]


def _grouped(codes: list[Opcode]) -> Generator[list[Opcode]]:
    group: list[Opcode] = []
    for tag, i, j, k, m in codes:
        if tag != "equal":
            group.append((tag, i, j, k, m))
        elif not group:
            cut = min(_CONTEXT, j - i)
            group = [(tag, j - cut, j, m - cut, m)]
        elif j - i <= 2 * _CONTEXT:
            group.append((tag, i, j, k, m))
        else:
            yield [*group, (tag, i, i + _CONTEXT, k, k + _CONTEXT)]
            group = [(tag, j - _CONTEXT, j, m - _CONTEXT, m)]
    if any(code[0] != "equal" for code in group):
        tag, i, j, k, m = group[-1]
        yield [*group[:-1], (tag, i, min(j, i + _CONTEXT), k, min(m, k + _CONTEXT))] if tag == "equal" else group


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + (length > 0)}" if length == 1 else f"{start + (length > 0)},{length}"


def _lines(text: str) -> list[str]:
    """Split behind newlines alone, as git does: a carriage return or a form feed ends no line."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _line(kind: str, line: str) -> str:
    return kind + line if line.endswith("\n") else f"{kind}{line}\n{_NO_NEWLINE}"


def _joined(hunks: str) -> list[str]:
    """Return the lines of hunks, without the newline where the mark below says that there is none."""
    lines: list[str] = []
    for line in _lines(hunks):
        if line == _NO_NEWLINE and lines:
            lines[-1] = lines[-1].removesuffix("\n")
        else:
            lines.append(line)
    return lines


def _parts(text: str) -> Generator[str]:
    """Cut a diff at its heads; no line of a hunk begins like one, since each has its kind in front."""
    starts = [found.start() for found in re.finditer(r"^diff --git ", text, re.MULTILINE)]
    for start, stop in pairwise([*starts, len(text)]):
        yield text[start:stop]


def _name_of(head: str) -> str:
    """Return the name of `diff --git a/NAME b/NAME`: both halves are of the same length."""
    names = head.removeprefix("diff --git ")
    new = names[len(names) // 2 + 1 :]
    if len(names) % 2 == 0 or not re.match(r'"?b/', new):
        raise ValueError(f"no head of a file: {head!r:.80}")
    return f'"{new[3:]}' if new.startswith('"') else new[2:]
