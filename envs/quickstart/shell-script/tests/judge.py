"""Runs `rotate.sh` in folders of its own and compares what is there afterwards with a model of the folder."""

import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, Wrong, content, expect, judge, run, scratch

NAMES = ["app.log", "my app.log", "-n", "a*b[c].log", "it's \"quoted\".log", "two\nlines", "dots.1.log", "$HOME.log", "*"]
OTHERS = ["", "01", "0", "bak", "1.gz", "2x", "-1", "1 ", "x.3"]


def rotated(files: dict, name: str, keep: int) -> dict:
    """The model: what the folder holds after a rotation."""
    if not files[name]:
        return files
    after = {}
    for other, text in files.items():
        numbered = re.fullmatch(re.escape(name) + r"\.([1-9][0-9]*)", other)
        if numbered is None:
            after[other] = text
        elif int(numbered[1]) < keep:
            after[f"{name}.{int(numbered[1]) + 1}"] = text
    if keep:
        after[f"{name}.1"] = files[name]
    after[name] = ""
    return after


def fill(folder: Path, files: dict) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def found(folder: Path) -> dict:
    try:
        return {path.name: path.read_text(errors="replace") if path.is_file() else None for path in folder.iterdir()}
    except OSError as error:
        raise Wrong(f"the folder can't be read afterwards: {error}") from None


def rotate(arguments: list, cwd: Path):
    return run(["bash", str(WORKDIR / "rotate.sh"), *arguments], cwd=cwd)


def try_one(files: dict, name: str, keep: int, *, elsewhere: bool) -> None:
    with scratch() as place:
        folder = place / "logs of today"
        folder.mkdir()
        fill(folder, files)
        ended = rotate([str(folder / name) if elsewhere else name, str(keep)], place if elsewhere else folder)
        case = f"rotate.sh {name!r} {keep} with {sorted(files)}"
        expect(ended.exit_code == 0, f"{case}: {ended}")
        expect(not ended.stdout and not ended.stderr, f"{case} printed something: {ended}")
        wanted, left = rotated(files, name, keep), found(folder)
        expect(left == wanted, f"{case}: wanted {sorted(wanted.items())}, got {sorted(left.items())}")


def rotates() -> None:
    content("rotate.sh")
    dice = random.Random(1999)
    for turn in range(36):
        name = NAMES[turn % len(NAMES)]
        numbers = dice.sample([1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 99, 100], dice.randrange(6))
        files = {f"{name}.{number}": f"{number} is old\n" for number in numbers}
        files |= {f"{name}.{suffix}": suffix for suffix in dice.sample(OTHERS, 3)}
        files |= {"app.log.7": "a neighbour", "zapp.log": "another", "aXbc.log.1": "not of a*b[c].log"}
        files[name] = dice.choice(["now\n", "now\n", "no line end", "\n\n", ""])
        try_one(files, name, dice.choice([0, 1, 2, 3, 5, 10, 11, 100]), elsewhere=turn % 2 == 1)


def refuses() -> None:
    content("rotate.sh")
    files = {"app.log": "now\n", "app.log.1": "old\n"}
    bad = [([], 2), (["app.log"], 2), (["app.log", "3", "4"], 2), (["nothing.log", "3"], 1), ([".", "3"], 1), (["", "3"], 1)]
    bad += [(["app.log", keep], 2) for keep in ("", "-1", "+1", "1.5", "x", "3x", " 3", "3 ", "a[0]", "1+1", "3\n")]
    for arguments, exit_code in bad:
        with scratch() as folder:
            fill(folder, files)
            ended = rotate(arguments, folder)
            case = f"rotate.sh {arguments}: wanted exit code {exit_code}, a message and no change; got {ended}"
            expect(ended.exit_code == exit_code and bool(ended.stderr.strip()), case)
            expect(found(folder) == files, case)


judge({"rotates": rotates, "refuses": refuses})
