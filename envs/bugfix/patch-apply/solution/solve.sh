#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "patching/lines.py",
    "    return text.splitlines(keepends=True)",
    r'''    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])''',
)
edit(
    "patching/parse.py",
    '''        old, new = int(match[2] or 0), int(match[4] or 0)
        hunk = Hunk(max(0, int(match[1]) - 1))
        at += 1
        while len(hunk.old) < old or len(hunk.new) < new:
            at = _take(hunk, lines, at)''',
    '''        old, new = int(match[2] or 1), int(match[4] or 1)
        hunk = Hunk(int(match[1]) - (1 if old else 0))
        at += 1
        while len(hunk.old) < old or len(hunk.new) < new:
            at = _take(hunk, lines, at)
        at = _without_end(hunk, lines, at)
        if len(hunk.old) > old or len(hunk.new) > new:
            raise PatchError("more lines than its head says")''',
)
edit(
    "patching/parse.py",
    '''    if kind in "+":
        hunk.new[-1] = hunk.new[-1].rstrip()
    return at + 1''',
    r'''    if kind not in " \n+-" or lines[at - 1].startswith("@@"):
        raise PatchError("a note about no line")
    if kind != "+":
        hunk.old[-1] = hunk.old[-1].removesuffix("\n")
    if kind != "-":
        hunk.new[-1] = hunk.new[-1].removesuffix("\n")
    return at + 1''',
)
edit(
    "patching/apply.py",
    "        moved = place - hunk.place + len(hunk.new) - len(hunk.old)",
    "        moved = place - hunk.place",
)
edit(
    "patching/apply.py",
    '    return "".join(result)',
    r'''    if not all(line.endswith("\n") for line in result[:-1]):
        raise PatchError("a line without an end that is not the last one")
    return "".join(result)''',
)
edit(
    "patching/apply.py",
    "    return places[0]",
    "    return min(places, key=lambda place: (abs(place - near), place))",
)
PYTHON
python3 -m unittest --quiet
