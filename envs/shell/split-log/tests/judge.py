"""Runs splitlog.sh on made-up logs and compares the files with those of a model of the rules."""

import re
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, scratch
from trees import expect_end, expect_tree, file, folder, grown, link, plant, script, whole

FIRST = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?= |\Z)")
OTHERS = ["", "  at x", "2024-05-01", "2024-05-1 x", " 2024-05-01 x", "12024-05-01 x", "2024-05-01x", "2024-05-01\tx", "\\n %s &", "-n", "é \xff",
          "2024-05-01T10:00 x", "9999-99-99 y", "2024_05_01 z", "\r", "\\", "$HOME `id`"]


def lines_of(dice: random.Random, days: int, size: int) -> list:
    """Make up lines."""
    lines = [dice.choice(["head", "", " x"]) for _ in range(dice.randrange(3))]
    for i in range(size):
        lines.append(f"20{dice.randrange(days):02d}-0{dice.randrange(1, 10)}-1{i % 10} entry {i}")
        lines += dice.choices(OTHERS, k=dice.randrange(4))
    return lines


def split(lines: list) -> dict:
    """Return the lines of each file."""
    name, files = "undated.log", {}
    for line in lines:
        if found := FIRST.match(line):
            name = f"{found[1]}.log"
        files.setdefault(name, []).append(line)
    return files


def check(case: str, lines: list, end: str, there: dict, names: tuple) -> None:
    """Split a log into a folder, and compare all files."""
    log, out = names
    text = "\n".join(lines) + end * bool(lines)
    with scratch() as place:
        plant(place, {"in/x": file("x"), "in/to": link("x")})
        (place / "in" / log).write_bytes(text.encode("utf-8", "surrogateescape"))
        if there:
            plant(place / "in" / out, there)
        before = {name: entry for name, entry in grown(place / "in").items() if name.split("/")[0] in ("x", "to")}
        expect_end(case, script("splitlog.sh", log, out, cwd=place / "in", timeout_s=8), 0)
        kept = (place / "in" / log).read_bytes() == text.encode("utf-8", "surrogateescape") if (place / "in" / log).is_file() else False
        expect(kept, f"{case}: LOG was changed")
        wanted = dict(there)
        for name, found in split(lines).items():
            old = there.get(name, file())[2]
            old += "\n" * (not old.endswith("\n") and bool(old))
            wanted[name] = file(old + "".join(f"{line}\n" for line in found), there.get(name, file())[1])
        expect_tree(case, grown(place / "in" / out), wanted)
        (place / "in" / log).unlink()
        expect_tree(f"{case}, beside it", {k: v for k, v in grown(place / "in").items() if k.split("/")[0] != out}, before)


def splits() -> None:
    dice = random.Random(97)
    wild = [OTHERS[10].replace("\xff", "\udcff") if line == OTHERS[10] else line for line in lines_of(dice, 3, 30)]
    old = {"2001-01-11.log": file("no end", 0o600), "undated.log": file("old\n"), "other": file("stays"), "2000-02-12.log": file("")}
    check("a new folder", wild, "\n", {}, ("my log", "out"))
    check("no line end", [*lines_of(dice, 2, 20), "2024-01-01 last"], "", {}, ("-log", "-out"))
    check("files that are there", [*old, *lines_of(dice, 3, 40), "2001-01-11 x", "2000-02-12"], "\n", old, ("l\nb", "o u*t"))
    check("an empty log", [], "", {"other": file("stays")}, ("log=1", "out"))
    check("only undated lines", ["x", "y"], "", old, ("log", "out"))


def many_days() -> None:
    dice = random.Random(101)
    lines = lines_of(dice, 30, 1)
    lines += [f"{1000 + i % 1500}-01-01 entry {i} {'long ' * 30}" for i in range(4500)]
    check("1500 days", lines, "\n", {}, ("log", "out"))


def refuses() -> None:
    with scratch() as place:
        tree = whole({"log": file("2024-01-01 x\n"), "file": file("x"), "folder": folder()})
        plant(place, tree)
        for arguments in (("nothing", "new"), ("folder", "new"), ("log", "file"), ("log",), ("log", "no/where")):
            expect_end(f"splitlog.sh {arguments}", script("splitlog.sh", *arguments, cwd=place), 1)
            expect_tree(f"splitlog.sh {arguments}", grown(place), tree)


judge({"splits": splits, "many_days": many_days, "refuses": refuses})
