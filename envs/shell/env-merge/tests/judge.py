"""Runs envmerge.sh on made-up settings and compares what it prints with a model of the rules."""

import re
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, scratch
from trees import expect_end, expect_tree, file, folder, grown, plant, script, whole

KEYS = ["A", "b", "PATH", "_x", "A1", "a", "LONG_KEY", "x"]
VALUES = ["", "1", "a b", " lead", "trail ", "a=b", "=", "\\n", "C:\\new\\t", "&", "\\1", "$HOME", "`id`", "'q'", '"', "#no", "/a/b", "\t", "é", "-n", "%s %d", "*"]
OTHERS = ["# A=1", "", " A=1", "A =1", "export A=1", "9A=1", "A-B=1", "text", "=x", "-n", "  ", "\\", "é=1", "A", "x.y=1"]
SETTING = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


def lines_of(dice: random.Random, keys: list) -> list:
    """Make up lines."""
    return [dice.choice(OTHERS) if dice.random() < 0.3 else f"{dice.choice(keys)}={dice.choice(VALUES)}" for _ in range(dice.randrange(14))]


def merged(base: list, override: list) -> list:
    """Return the lines that have to be printed."""
    new = {found[1]: found[2] for line in override if (found := SETTING.fullmatch(line))}
    known = {found[1] for line in base if (found := SETTING.fullmatch(line))}
    lines = []
    for line in base:
        found = SETTING.fullmatch(line)
        lines.append(f"{found[1]}={new[found[1]]}" if found and found[1] in new else line)
    return lines + [f"{key}={value}" for key, value in new.items() if key not in known]


def merges() -> None:
    dice = random.Random(89)
    for turn in range(25):
        base, override = lines_of(dice, KEYS[: dice.randrange(1, 9)]), lines_of(dice, KEYS)
        ends = [dice.choice(["", "\n"]) if lines and lines[-1] else "\n" * bool(lines) for lines in (base, override)]
        name = ["base", "-", "a=b.env", "two words", "-v"][turn % 5]
        tree = {name: file("\n".join(base) + ends[0]), "over ride=1": file("\n".join(override) + ends[1])}
        with scratch() as place:
            plant(place, tree)
            ended = script("envmerge.sh", name, "over ride=1", cwd=place)
            case = f"{tree[name][2]!r} with {tree['over ride=1'][2]!r}"
            expect_end(case, ended, 0, "".join(f"{line}\n" for line in merged(base, override)))
            expect_tree(case, grown(place), tree)


def refuses() -> None:
    with scratch() as place:
        tree = whole({"a": file("A=1\n"), "folder": folder()})
        plant(place, tree)
        for arguments in ((), ("a",), ("a", "a", "a"), ("a", "nothing"), ("nothing", "a"), ("folder", "a"), ("a", "folder"), ("", "a")):
            expect_end(f"envmerge.sh {arguments}", script("envmerge.sh", *arguments, cwd=place), 1)
        expect_tree("after refusals", grown(place), tree)


judge({"merges": merges, "refuses": refuses})
