"""Evaluates trees, and compares with what the formulas give that the trees are written as."""

import random
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

DRIVER = "from formula import evaluate as case"
LEVELS = {"or": 1, "and": 2, "not": 3, "=": 4, "<": 4, ">": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "neg": 7, "^": 8}
VARIABLES = {"a": "2", "b": "-3", "order": "10", "nothing": "0", "_and": "1.5", "e3": "7", "x1": "0.25"}
WANTED = {
    "10 - 3 - 2": "5", "-2 ^ 2": "-4", "2 ^ 3 ^ 2": "512", "order * 2": "20", "1.5e-3": "3/2000", "-7 % 3": "2", "7 % -3": "-2", "2 ^ -1": "1/2",
    "2^-2^2": "1/16", "--2": "2", "- -2^2": "4", "not not a = 2": "true", "not a = b": "true", "nothing > 0 and 1 / nothing > 5": "false",
    "a = 2 or 1 / nothing > 5": "true", "1 / nothing > 5 or a = 2": None, "0 ^ 0": "1", "0 ^ -1": None, "8 / 4 / 2": "1", "8 / (4 / 2)": "4",
    "1e3": "1000", "12E3": None, "1 e3": None, "1e3x": None, "2a": None, "a b": None, "1 < 2 < 3": None, "1 = 1 = 1": None, "": None, "(": None, "()": None,
    "1 +": None, "+1": None, "a not": None, "not 1": None, "1 and a = 2": None, "a = 2 and 1": None, "(a = 2) + 1": None, "-(a = 2)": None, "2 ^ 0.5": None,
    "2 ^ 100": None, "2 ^ 99 > 0": "true", ".5": None, "5.": None, "1.5.5": None, "notx": None, "not(a=2)": "false", "nothing": "0", "1\t+ 1": None,
    " 1+1 ": "2", "a$": None, "unknown": None, "a = 2 or unknown": "true", "٣": None, "5 % nothing": None, "1 / 3 * 3": "1", "-a ^ 2 * 3": "-12",
    "2 * -a": "-4", "2 - -a": "4", "1e-02": "1/100", "1e123": None, "a = 2 or a = 3 and a = 4": "true", "not a = 3 and a = 2": "true", "(1": None, "1)": None,
    "order and a": None, "(a = 2) = (b = 3)": None, "((((1))))": "1", "1 - -1": "2", "1--1": "2", "a^-b": "8", "-e3": "-7", "_and": "3/2", "x1 % 0.1": "1/20",
}  # fmt: skip


class Bad(Exception):
    """The tree has no value."""


def value(tree: list) -> object:
    kind, *parts = tree
    if kind == "number":
        return Fraction(parts[0])
    if kind == "name":
        return Fraction(VARIABLES[parts[0]])
    left = value(parts[0])
    if kind in ("and", "or", "not"):
        if not isinstance(left, bool):
            raise Bad
        if kind == "not":
            return not left
        if left == (kind == "or"):
            return left
        right = value(parts[1])
        if not isinstance(right, bool):
            raise Bad
        return right
    right = value(parts[1]) if len(parts) > 1 else Fraction(0)
    if isinstance(left, bool) or isinstance(right, bool) or (kind in "/%" and right == 0):
        raise Bad
    if kind == "^":
        if right.denominator != 1 or abs(right) > 99 or (left == 0 and right < 0):
            raise Bad
        return Fraction(left) ** int(right)
    if kind == "%":
        return left - right * ((left / right).numerator // (left / right).denominator)
    if kind == "neg":
        return -left
    results = {"+": left + right, "-": left - right, "*": left * right, "=": left == right, "<": left < right, ">": left > right}
    return left / right if kind == "/" else results[kind]


def written(dice: random.Random, tree: list) -> str:
    kind, *parts = tree
    if kind in ("number", "name"):
        return parts[0]
    level = LEVELS[kind]
    texts = []
    for side, part in enumerate(parts):
        inner = LEVELS.get(part[0], 9)
        lowest = level
        if kind in "=<>" or (side == 1 and kind in ("+", "-", "*", "/", "%", "and", "or")):
            lowest = level + 1
        if kind == "^":
            lowest = 7 if side else 9
        text = written(dice, part)
        texts.append(f"({text})" if inner < lowest or dice.random() < 0.1 else text)
    space = dice.choice(["", " ", " ", "  "]) if kind not in ("and", "or", "not") else " "
    return f"{kind.replace('neg', '-')}{space}{texts[0]}" if len(parts) == 1 else f"{texts[0]}{space}{kind}{space}{texts[1]}"


def random_tree(dice: random.Random, depth: int, truth: bool) -> list:
    if dice.random() < 0.02:
        truth = not truth
    if truth:
        kind = dice.choice(["and", "or", "not", "=", "<", ">", "=", "<"]) if depth else "="
        amount = 1 if kind == "not" else 2
        return [kind, *(random_tree(dice, max(0, depth - 1), kind in ("and", "or", "not")) for _ in range(amount))]
    if depth == 0 or dice.random() < 0.15:
        return ["number", dice.choice(["0", "1", "2", "3", "0.5", "1e1", "2.5e-1"])] if dice.random() < 0.6 else ["name", dice.choice(list(VARIABLES))]
    kind = dice.choice(["+", "-", "-", "*", "/", "%", "neg", "^"])
    if kind == "^":
        exponent = dice.choice([["number", "2"], ["neg", ["number", "2"]], ["^", ["number", "2"], ["name", "a"]], ["number", "3"], ["name", "nothing"]])
        return [kind, random_tree(dice, min(1, depth - 1), False), exponent]
    return [kind, *(random_tree(dice, depth - 1, False) for _ in range(1 if kind == "neg" else 2))]


def formulas() -> None:
    dice, wanted = random.Random(99), dict(WANTED)
    for _ in range(900):
        tree = random_tree(dice, dice.choice([1, 2, 3, 4]), dice.random() < 0.4)
        try:
            found = value(tree)
            wanted[written(dice, tree)] = str(found).lower() if isinstance(found, bool) else str(found)
        except Bad:
            wanted[written(dice, tree)] = None

    def reference(text: str, variables: dict) -> str:
        if wanted[text] is None:
            raise Refused("FormulaError")
        return wanted[text]

    agree(DRIVER, [[text, VARIABLES] for text in wanted], reference)


judge({"formulas": formulas})
