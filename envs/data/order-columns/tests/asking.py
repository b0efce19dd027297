"""Run `answer.py` on a folder of made-up data and compare the JSON that it writes. The same file in each task that uses it."""

import os
from pathlib import Path

from judging import WORKDIR, content, expect, parsed, run, scratch

CENT = 0.0101


def ask(case: str, files: dict, wanted: object) -> None:
    """Expect that `answer.py FOLDER OUT` writes these values.

    Raises:
        Wrong: It fails, or writes anything else.
    """
    content("answer.py")
    with scratch() as place:
        folder = place / "other data"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        before = {name: os.stat(folder / name).st_mtime_ns for name in files}
        out = place / "out" / "answer.json"
        out.parent.mkdir()
        ended = run(["python3", str(WORKDIR / "answer.py"), str(folder), str(out)], cwd=place, timeout_s=20)
        expect(ended.exit_code == 0, f"{case}: answer.py ended with {ended.exit_code}: {ended.stderr.strip()[-800:]}")
        expect(_untouched(folder, before), f"{case}: answer.py changed the data")
        found = parsed(content(str(out)))
        expect(not (why := difference(found, wanted)), f"{case}: {why}")


def _untouched(folder: Path, before: dict) -> bool:
    try:
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    except OSError:
        return False


def difference(found: object, wanted: object, where: str = "the answer") -> str:
    """Say where two values differ, or nothing: amounts may be off by a cent, and whole numbers must be whole."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or found.keys() != wanted.keys():
            return f"{where}: wanted the keys {sorted(wanted)}, got {_short(found)}"
        return next(filter(None, (difference(found[key], wanted[key], f"{where}, {key}") for key in wanted)), "")
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return f"{where}: wanted a list of {len(wanted)}, got {_short(found)}"
        pairs = zip(found, wanted, strict=True)
        return next(filter(None, (difference(*pair, f"{where}[{i}]") for i, pair in enumerate(pairs))), "")
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if isinstance(wanted, float):
        right = number and abs(found - wanted) <= CENT
    else:
        right = type(found) is type(wanted) and found == wanted
    return "" if right else f"{where}: wanted {wanted!r}, got {_short(found)}"


def _short(found: object) -> str:
    return repr(found)[:200]
