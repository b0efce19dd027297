"""Compares with a reference that sorts by comparing pairs, and bad texts that each function must refuse."""

import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

ORDER = ["0.0.0-0", "0.0.0", "0.0.3", "0.0.4-a", "0.0.4", "0.2.3", "0.3.0-rc", "0.3.0", "1.0.0--", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-10.a", "1.0.0-A", "1.0.0-alpha", "1.0.0-alpha.1"]
ORDER += ["1.0.0-alpha.1.0", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0", "1.2.3-a", "1.2.3", "1.2.4", "1.2.10", "1.3.0-a", "1.3.0", "1.10.0", "2.0.0-0", "2.0.0", "10.0.0"]
ORDER.remove("1.0.0--")
ORDER.insert(ORDER.index("1.0.0-A"), "1.0.0--")
BAD = ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3-01", "1.2.3-a.00", "v1.2.3", "1.2.3 ", " 1.2.3", "1.2.3-ä", "1.2.٣", "1.2.3\n", "1.2.3-a_b", "1.2.3+a+b", "-1.2.3", "*"]
BAD_RANGES = ["", " ", "||", "1.2.3||", "|| 1", "1.2.3 | 1", "> 1.2.3", ">1.2", "^1.2", "^1", "~1", "=>1.2.3", "==1.2.3", "1.x", "1.2.*", "1.2.3.4", "~", "^", "01.2", "1.2.3, 2.0.0", "1.2.3\t2", "**", "!1.2.3", "1.2-a", "~>1.2.3", ">=", "<*"]
FULL = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)
DRIVER = "from packs.versions import {} as case"


def is_version(text: str) -> bool:
    match = FULL.fullmatch(text)
    if not match:
        return False
    pre = (match[4] or "-x")[1:].split(".")
    build = (match[5] or "+x")[1:].split(".")
    return all(pre) and all(build) and not any(name[0] == "0" and name != "0" and re.fullmatch("[0-9]+", name) for name in pre)


def parts(text: str) -> tuple:
    if not is_version(text):
        raise Refused("VersionError")
    match = FULL.fullmatch(text)
    return [int(match[place]) for place in (1, 2, 3)], (match[4] or "-")[1:]


def compare(a: str, b: str) -> int:
    (numbers, pre), (others, other) = parts(a), parts(b)
    if numbers != others:
        return -1 if numbers < others else 1
    if not pre or not other:
        return (not pre) - (not other)
    mine, theirs = pre.split("."), other.split(".")
    for x, y in zip(mine, theirs):
        if x != y:
            if x.isdigit() and y.isdigit():
                return -1 if int(x) < int(y) else 1
            if x.isdigit() != y.isdigit():
                return -1 if x.isdigit() else 1
            return -1 if x < y else 1
    return (len(mine) > len(theirs)) - (len(mine) < len(theirs))


def holds(version: str, word: str) -> tuple:
    """Give whether a condition holds, and the three numbers of a pre-release that it names."""
    if word == "*":
        return True, None
    numbers, pre = parts(version)
    if re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?", word) or re.fullmatch(r"~(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", word):
        wanted = [int(number) for number in word.strip("~").split(".")]
        return numbers[: len(wanted)] == wanted, None
    operator = re.match("[~^]|<=|>=|[<>=]|", word)[0]
    bound = word[len(operator) :]
    low, low_pre = parts(bound)
    order = compare(version, bound)
    named = low if low_pre else None
    if operator == "~":
        return order >= 0 and numbers < [low[0], low[1] + 1, 0], named
    if operator == "^":
        place = next((place for place in range(3) if low[place]), 2)
        high = [*low[:place], low[place] + 1, 0, 0][:3]
        return order >= 0 and numbers < high, named
    return {"": order == 0, "=": order == 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[operator], named


def satisfies(version: str, text: str) -> bool:
    numbers, pre = parts(version)
    inside = False
    for alternative in text.split("||"):
        words = [word for word in alternative.split(" ") if word]
        if not words:
            raise Refused("VersionError")
        found = [holds(version, word) for word in words]
        inside = inside or (all(right for right, _ in found) and (not pre or any(named == numbers for _, named in found)))
    return inside


def best(versions: list, text: str) -> object:
    satisfies("1.0.0", text)
    for version in versions:
        parts(version)
    chosen = None
    for version in versions:
        if satisfies(version, text) and (chosen is None or compare(version, chosen) > 0):
            chosen = version
    return chosen


def random_range(dice: random.Random) -> str:
    kinds = [f"{operator}{dice.choice(ORDER)}" for operator in ("", "=", "<", "<=", ">", ">=", "~", "^", "^", "~", ">=", "<")]
    word = lambda: dice.choice([*kinds, dice.choice(["*", "1", "1.2", "0", "~1.2", "~0.3", "2", "1.0"])])
    alternative = lambda: "  "[: dice.randrange(3)] + dice.choice([" ", "  "]).join(word() for _ in range(dice.choice([1, 1, 2, 3]))) + " "[: dice.randrange(2)]
    return "||".join(alternative() for _ in range(dice.choice([1, 1, 1, 2])))


def comparisons() -> None:
    builds = ["", "+1", "+a.b"]
    dice = random.Random(1)
    pairs = [[a + dice.choice(builds), b + dice.choice(builds)] for a in ORDER for b in ORDER]
    agree(DRIVER.format("compare"), pairs + [[bad, "1.0.0"] for bad in BAD] + [["1.0.0", bad] for bad in BAD], compare)


def ranges() -> None:
    dice = random.Random(2)
    cases = [[dice.choice(ORDER) + dice.choice(["", "", "+b"]), random_range(dice)] for _ in range(1500)]
    cases += [[version, text] for version in ORDER for text in ("*", "^0.0.0", "~1.2.3", "^0.0.3", ">=1.0.0-alpha <2.0.0", "~1.2.3 >=1.3.0-a || 1", "^1.2.3-a", "1.2.3+x", ">1.2.3-a <1.2.3")]
    agree(DRIVER.format("satisfies"), cases + [["1.0.0", bad] for bad in BAD_RANGES] + [[bad, "1.2.3"] for bad in BAD] + [["1.0.0", "1.0.0||" + bad] for bad in BAD_RANGES], satisfies)


def choices() -> None:
    dice = random.Random(3)
    cases = [[[dice.choice(ORDER) + dice.choice(["", "+1", "+2"]) for _ in range(dice.randrange(9))], random_range(dice)] for _ in range(300)]
    agree(DRIVER.format("best"), cases + [[[], "x"], [["1.0.0", "x"], "1.0.0"], [["x"], "*"], [[], "*"]], best)


judge({"compare": comparisons, "satisfies": ranges, "best": choices}, partial=True)
