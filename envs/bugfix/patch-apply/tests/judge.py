"""Applies diffs that are made from pairs of texts, and small patches against a reference that tries all places."""

import difflib
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

DRIVER = "from patching.apply import apply as case"
NONE = "\\ No newline at end of file\n"
NAMED = [
    ["a\nb\nc\n", "@@ -3 +3 @@\n-c\n+C\n"], ["a\nb\nc\nd\ne\nf\n", "@@ -5,0 +6,2 @@\n+x\n+y\n"], ["", "@@ -0,0 +1 @@\n+x\n"],
    ["a", "@@ -1 +1 @@\n-a\n" + NONE + "+b\n"], ["a\n", "@@ -1 +1 @@\n-a\n+b\n" + NONE], ["a", "@@ -1 +1 @@\n-a\n" + NONE + "+b\n" + NONE],
    ["a", "@@ -1 +1 @@\n-a\n+b\n"], ["a\n", "@@ -1 +1 @@\n-a\n" + NONE + "+b\n"], ["a\nb\n", "@@ -1 +1 @@\n-a\n+b\n" + NONE],
    ["a \t\n", "@@ -1 +1,2 @@\n a \t\n+b \t\n" + NONE], ["a\x0cb\n", "@@ -1 +1 @@\n-a\x0cb\n+c\u2028d\n"], ["a\r\nb\r\n", "@@ -2 +2 @@ f(x)\n-b\r\n+c\r\n"],
    ["x\na\nx\na\nx\n", "@@ -3 +3 @@\n-a\n+b\n"], ["a\nx\nx\na\nx\na\n", "@@ -3 +3 @@\n-a\n+b\n"], ["a\nb\na\nb\n", "@@ -1 +1 @@\n-a\n+c\n@@ -1 +1 @@\n-a\n+d\n"],
    ["n\na\nb\na\nb\n", "@@ -1 +1,3 @@\n-a\n+a\n+1\n+2\n@@ -3 +5 @@\n-a\n+A\n"], ["a\n\nb\n", "@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n"],
    ["a\n", "@@ -1,2 +1 @@\n-a\n"], ["a\n", "@@ -1 +1 @@\n-a\n-b\n+c\n"], ["a\n", "@@ -1 +1 @@\n?a\n"], ["a\n", "@@ -1 +1 @@\n-a\n+b\n+c\n"],
    ["a\n", "@@ -1 +1 @@\n-a\n+b\nrest\n"], ["a\n", "nothing\n"], ["a\n", ""], ["a\n", "@@ -9,0 +9 @@\n+b\n"], ["a\nb\n", "@@ -2 +1,0 @@\n-b\n"],
    ["a\n", "@@ -1 +0,0 @@\n-a\n"], ["a", "@@ -1,0 +2 @@\n+b\n"], ["a\nb\nc\n", "@@ -2 +2 @@\n-b\n+B\n@@ -1,0 +1 @@\n+x\n"],
]  # fmt: skip


def reference(text: str, patch: str) -> str:
    lines = re.findall("[^\n]*\n|[^\n]+", text)
    given = re.findall("[^\n]*\n|[^\n]+", patch)
    while given and not re.match(r"@@ -\d+(,\d+)? \+\d+(,\d+)? @@", given[0]):
        given.pop(0)
    result, done, moved = [], 0, 0
    while given:
        head = re.match(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@", given.pop(0))
        if head is None:
            raise Refused("PatchError")
        b, d = (1 if number is None else int(number) for number in (head[2], head[3]))
        sides: tuple = ([], [])
        while len(sides[0]) < b or len(sides[1]) < d or (given and given[0][0] == "\\"):
            if not given:
                raise Refused("PatchError")
            line = given.pop(0)
            if line == "\n":
                line = " \n"
            if line[0] not in " +-":
                raise Refused("PatchError")
            content = line[1:].rstrip("\n") + "\n"
            if given and given[0][0] == "\\":
                given.pop(0)
                content = content[:-1]
            for side, kinds in zip(sides, (" -", " +")):
                if line[0] in kinds:
                    side.append(content)
        old, new = sides
        if (len(old), len(new)) != (b, d):
            raise Refused("PatchError")
        own = int(head[1]) - (b > 0)
        near, place = own + moved, None
        if not old:
            place = near if done <= near <= len(lines) else None
        for distance in range(len(lines) + len(given) + 99) if old else ():
            for candidate in (near - distance, near + distance):
                if place is None and candidate >= done and lines[candidate : candidate + b] == old:
                    place = candidate
        if place is None:
            raise Refused("PatchError")
        moved = place - own
        result += lines[done:place] + new
        done = place + b
    result += lines[done:]
    if any(line[-1] != "\n" for line in result[:-1]):
        raise Refused("PatchError")
    return "".join(result)


def diff(before: list, after: list, context: int) -> str:
    made = ""
    for line in difflib.unified_diff(before, after, "a", "b", n=context):
        made += line if line.endswith("\n") else line + "\n" + NONE
    return made


def edited(dice: random.Random, lines: list, pool: list) -> list:
    lines = list(lines)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(lines) + 1)
        lines[at : at + dice.randrange(3)] = [dice.choice(pool) for _ in range(dice.randrange(3))]
    if lines and dice.random() < 0.15:
        lines[-1] = lines[-1].rstrip("\n") or "z"
    return [line if line.endswith("\n") or line is lines[-1] else line + "\n" for line in lines]


def ended(lines: list) -> list:
    return [line if line.endswith("\n") else line + "\n" for line in lines[:-1]] + lines[-1:]


def random_cases(amount: int) -> list:
    dice = random.Random(12)
    cases = []
    for _ in range(amount):
        pool = dice.choice([["a\n", "b\n", "c\n"], [f"line {number}\n" for number in range(40)], ["a\x0c\n", "\n", "b \n", "c\r\n", "-\n", "\u2028\n"]])
        before = ended([dice.choice(pool) for _ in range(dice.randrange(14))])
        if before and dice.random() < 0.2:
            before[-1] = before[-1].rstrip("\n") or "z"
        patch = diff(before, ended(edited(dice, before, pool)), dice.choice([0, 1, 3]))
        text = before
        if dice.random() < 0.6:
            text = ended(edited(dice, before, pool))
        if dice.random() < 0.3:
            text = ended([dice.choice(pool) for _ in range(dice.randrange(1, 4))] + text)
        cases.append(["".join(text), patch])
    return cases


judge({"apply": lambda: agree(DRIVER, NAMED + random_cases(1200), reference)})
