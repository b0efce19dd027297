"""Judges sets by the points that they have, at and between all ends."""

import random
import re
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

SETUP = "import math\nfrom fractions import Fraction\nfrom intervals import Intervals\nparse = Intervals.parse\n"
TEXT = SETUP + "def case(text):\n    return str(parse(text))"
SETS = SETUP + """


def case(a, b):
    a, b = parse(a), parse(b)
    kept = str(a), str(b)
    found = [str(each) for each in (a | b, a & b, a - b, ~a, a ^ b, b - a, a | a, a & ~a)]
    return [*found, kept == (str(a), str(b))]
"""
REST = SETUP + """


def case(a, b, points, distance):
    a, b = parse(a), parse(b)
    inside = [point in a for point in map(Fraction, points)] + [float(Fraction(point)) in a for point in points]
    inside += [int(Fraction(point)) in a for point in points]
    length = a.length()
    return [a == b, a != b, a == parse(str(a)), hash(a) == hash(parse(str(a))), bool(a), a <= b, a <= a, inside,
            "inf" if length == math.inf else length, type(length) is int or length == math.inf, str(a.shift(distance)), str(a.gaps()), a == 5]
"""
GOOD = ["{}", "[1, 3) u (5, 8] u [9, inf)", "[1, 2) u [2, 3]", "[1, 2) u (2, 3]", "[1, 2] u [3, 4]", "[4, 4]", "[3, 1]", "(2, 2)", "[2, 2)", "(2, 2]", "(-inf, inf)", "(-inf, 0] u (0, inf)",
        "[5,6] u [1,2)", "[007, 8]", "[-3, -1)", "(1, 2) u [1, 1] u [2, 2]", "[1, 9] u [2, 3]", "(-inf, 5) u [5, 5]", "[-0, 1]", "(1, 2)", "(5, -inf) u [1, 2]"][:-1]  # fmt: skip
BAD = ["", " ", "[1, 2", "1, 2", "[1 2]", "[1,  2]", "[1 , 2]", "[ 1, 2]", "[1, 2]u[3, 4]", "[1, 2]  u [3, 4]", "[-inf, 2]", "[1, inf]", "(inf, 2)", "(1, -inf)", "(inf, inf)", "[1.5, 2]", "[+1, 2]",
       "[1, 2] u {}", "[1, 2] u ", " [1, 2]", "[1, 2]\n", "{ }", "[٣, 5]", "[1, 2] U [3, 4]", "[a, b]", "[1, 2, 3]", "[--1, 2]", "(-inf,inf]", "[1_0, 20]", "[1,\t2]"]  # fmt: skip


def ends(*texts: str) -> list:
    numbers = sorted({int(number) for text in texts for number in re.findall("-?[0-9]+", text)} | {0})
    points = [Fraction(numbers[0] - 1)]
    for a, b in zip(numbers, [*numbers[1:], numbers[-1] + 2]):
        points += [Fraction(a), Fraction(a + b, 2)]
    return points


def has(text: str, point: Fraction) -> bool:
    for part in [] if text == "{}" else text.split(" u "):
        left, right = re.split(", ?", part[1:-1])
        above = left == "-inf" or point > int(left) or (part[0] == "[" and point == int(left))
        below = right == "inf" or point < int(right) or (part[-1] == "]" and point == int(right))
        if above and below:
            return True
    return False


def written(points: list, inside: list) -> str:
    """Write the set that has some of these points (an end, a place between, an end, ...; outermost places reach to infinity)."""
    texts, at = [], 0
    while at < len(points):
        if not inside[at]:
            at += 1
            continue
        last = at
        while last + 1 < len(points) and inside[last + 1]:
            last += 1
        left = f"[{points[at]}" if at % 2 else f"({points[at - 1]}" if at else "(-inf"
        right = f"{points[last]}]" if last % 2 else f"{points[last + 1]})" if last + 1 < len(points) else "inf)"
        texts.append(f"{left}, {right}")
        at = last + 1
    return " u ".join(texts) or "{}"


def text_reference(text: str) -> str:
    if text in BAD:
        raise Refused("ValueError")
    points = ends(text)
    return written(points, [has(text, point) for point in points])


def sets_reference(a: str, b: str) -> list:
    points = ends(a, b)
    pairs = [(has(a, point), has(b, point)) for point in points]
    rules = [lambda x, y: x or y, lambda x, y: x and y, lambda x, y: x and not y, lambda x, y: not x, lambda x, y: x != y, lambda x, y: y and not x, lambda x, y: x, lambda x, y: False]
    return [*(written(points, [rule(x, y) for x, y in pairs]) for rule in rules), True]


def rest_reference(a: str, b: str, points: list, distance: int) -> list:
    places = ends(a, b)
    mine, theirs = [has(a, point) for point in places], [has(b, point) for point in places]
    numbers = list(map(Fraction, points))
    inside = [has(a, point) for point in numbers] * 2 + [has(a, Fraction(int(point))) for point in numbers]
    middle = [(places[at - 1], places[at + 1]) for at in range(2, len(places) - 1, 2) if mine[at]]
    length: object = "inf" if mine[0] or mine[-1] else int(sum(high - low for low, high in middle))
    moved = re.sub("-?[0-9]+", lambda match: str(int(match[0]) + distance), text_reference(a))
    first, last = (mine.index(True), len(mine) - 1 - mine[::-1].index(True)) if any(mine) else (0, 0)
    gaps = written(places, [first < at < last and not mine[at] for at in range(len(places))])
    return [mine == theirs, mine != theirs, True, True, any(mine), all(y for x, y in zip(mine, theirs) if x), True, inside, length, True, moved, gaps, False]


def random_set(dice: random.Random) -> str:
    parts = []
    for _ in range(dice.randrange(5)):
        left = "(-inf" if dice.random() < 0.07 else dice.choice("[(") + str(dice.randrange(-6, 9))
        right = "inf)" if dice.random() < 0.07 else str(dice.randrange(-6, 9)) + dice.choice("])")
        parts.append(f"{left}, {right}")
    return " u ".join(parts) or "{}"


def texts() -> None:
    dice = random.Random(1)
    agree(TEXT, [[text] for text in GOOD + BAD] + [[random_set(dice)] for _ in range(400)], text_reference)


def sets() -> None:
    dice = random.Random(2)
    agree(SETS, [[a, b] for a in GOOD for b in GOOD[:8]] + [[random_set(dice), random_set(dice)] for _ in range(400)], sets_reference)


def rest() -> None:
    dice = random.Random(3)
    points = lambda: [dice.choice(["0", "1", "3/2", "-5/2", "7", "-6", "1000"]) for _ in range(3)]
    cases = [[a, dice.choice([a, random_set(dice), f"{a} u [1, 1]" if a != "{}" else a]), points(), dice.randrange(-9, 9)] for a in GOOD + [random_set(dice) for _ in range(400)]]
    agree(REST, cases, rest_reference)


judge({"text": texts, "sets": sets, "rest": rest}, partial=True)
