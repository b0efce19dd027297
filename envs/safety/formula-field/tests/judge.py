"""Compares made-up formulas with values that are computed while they are made, and tries hostile ones."""

import math
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, run, scratch

NO_FORMULA = [
    "", " ", "1 +", "* 2", "(1", "1)", "1 2", "A1 B2", "()", "1,2", "min()", "min(1,)", "abs(1,2)", "sqrt()", "1_000", "0x10", "2j",
    "inf", "nan", "1e", "1//2", "2**3", "5 % 2", "A0", "A01", "a1", "ABC1", "A12345", "A1.real", "min", "min 1", "max(1 2)",
    "'a'", '"a"', "1 if 1 else 2", "[1][0]", "lambda: 1", "A1 = 2", "1;2", "#", "1 # 2", "1\n+1", "1\n", "\u00b2", "2\u00b2", "\u0663", "\uff11",
    "1 < 2", "not 1", "~1", "1 @ 2", "(,)", "min(,1)", "sqrt 4", "abs", "exec(1)", "pow(2,3)", "1..", "..1", "1e+", "^2", "2^", "2^*3", "B",
    "sum(1,2)", "A 1", "1 e3", "1.5.2", "min((1,2))", "A1(2)", "2(3)", "(2)(3)", "2A1", "Min(1)", "e", "1E",
]
NO_VALUE = ["1/0", "0/0", "1/(A1-A1)", "sqrt(-1)", "(-8)^(1/3)", "0^-1", "1e400", "1e308*10", "1e200^2", "9^9^9", "9^9^9^9^9", "-(1e308*10)",
            "min(1, 1e999)", "1/1e400", "max(0, 1/0)", "1e308+1e308", "2^99999999999", "Z9^Z9"]
BREAK = ["__import__('os').system('touch {0}')", "().__class__.__base__.__subclasses__()", "open('{0}','w')", "exec('open(\"{0}\",\"w\")')",
         "cells.__class__", "A1.__class__", "min.__self__", "[x for x in ().__class__.__mro__]", "f'{{open(\"{0}\",\"w\")}}'", "eval('1')",
         "min(__import__('os').system('touch {0}'), 1)", "(lambda: open('{0}', 'w'))()", "sqrt(open('{0}','w'))", "max(globals(), 1)",
         "math.pi", "value('1', cells)", "abs(*[open('{0}', 'w')])", "min(1, key=open('{0}', 'w'))"]


class Maker:
    """Makes formulas; each comes with its value, None where it has none, and how tightly it binds."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.cells = {"A1": 3.0, "B2": -0.5, "BC20": 12.25, "Z9999": 1e3, "AA1": 0.0}

    def formula(self, depth: int) -> tuple:
        if depth == 0 or self.dice.random() < 0.15:
            return self.leaf()
        kind = self.dice.choice(["+", "-", "*", "/", "^", "sign", "(", "f", "f"])
        if kind == "(":
            text, value, _ = self.formula(depth - 1)
            return f"({self.gap()}{text}{self.gap()})", value, 9
        if kind == "f":
            return self.function(depth)
        if kind == "sign":
            text, value, binds = self.formula(depth - 1)
            sign = self.dice.choice("-+")
            return sign + self.gap() + self.within(text, binds, 3), self.apply(lambda a: -a if sign == "-" else a, value), 3
        binding = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}[kind]
        left, right = self.formula(depth - 1), self.formula(depth - 1)
        # A sign may follow an operator; a power groups from the right, the others from the left.
        texts = (self.within(left[0], left[2], 5 if kind == "^" else binding),
                 self.within(right[0], right[2], 3 if kind == "^" else binding + 1))
        calculate = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
                     "^": math.pow}[kind]
        text = f"{texts[0]}{self.gap()}{kind}{self.gap()}{texts[1]}"
        return text, self.apply(calculate, left[1], right[1]), binding

    def leaf(self) -> tuple:
        if self.dice.random() < 0.3:
            name = self.dice.choice([*self.cells, "C3", "ZZ9"])
            return name, self.cells.get(name, 0.0), 9
        text = self.dice.choice(["0", "1", "2", "7", "0.5", ".25", "3.", "1e2", "2.5E-3", "10", "1E+1"])
        return text, float(text), 9

    def function(self, depth: int) -> tuple:
        name = self.dice.choice(["min", "max", "abs", "sqrt"])
        parts = [self.formula(depth - 1) for _ in range(self.dice.randrange(1, 4) if name in ("min", "max") else 1)]
        calculate = {"min": lambda *a: min(a), "max": lambda *a: max(a), "abs": abs, "sqrt": math.sqrt}[name]
        inside = f"{self.gap()},{self.gap()}".join(part[0] for part in parts)
        return f"{name}{self.gap()}({self.gap()}{inside}{self.gap()})", self.apply(calculate, *(part[1] for part in parts)), 9

    def within(self, text: str, binds: int, least: int) -> str:
        return text if binds >= least else f"({text})"

    def gap(self) -> str:
        return self.dice.choice(["", "", " ", "\t", "  "])

    @staticmethod
    def apply(calculate, *values):
        if None in values:
            return None
        try:
            result = calculate(*values)
        except (ArithmeticError, ValueError):
            return None
        return result if math.isfinite(result) else None


def check(formulas: list, cells: dict) -> None:
    """`formulas`: pairs of a formula and its value, or None for a ValueError."""
    answers = call("sheet", "value", [[formula, cells] for formula, _ in formulas], timeout_s=20)
    for (formula, wanted), answer in zip(formulas, answers):
        case = f"value({formula[:200]!r}, {cells})"
        if wanted is None:
            expect("ValueError" in answer.get("error", []), f"{case}: wanted a ValueError, got {answer}")
        else:
            found = answer.get("value")
            near = isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-300)
            expect(near, f"{case}: wanted {wanted!r}, got {answer}")


def calculates() -> None:
    maker = Maker(8)
    made = [maker.formula(maker.dice.randrange(1, 6)) for _ in range(1500)]
    formulas = [(text, value) for text, value, _ in made if len(text) <= 1000]
    named = [("2^3^2", 512.0), ("-2^2", -4.0), ("2^-1", 0.5), ("2^-1^2", 0.5), ("8/4/2", 1.0), ("1-2-3", -4.0), ("--1", 1.0), ("-+-2", 2.0),
             ("2*-3", -6.0), (" 7\t", 7.0), ("-2^-2", -0.25), ("2^3*2", 16.0), ("A1", 3.0), ("min(4)", 4.0), ("(((5)))", 5.0)]
    expect(sum(value is not None for _, value in formulas) > 600, "the judge made too few formulas with a value")
    check(named + formulas, maker.cells)


def deep() -> None:
    check([("(" * 499 + "1" + ")" * 499, 1.0), ("-" * 998 + "1", 1.0), ("2^" * 2 + "2" + "^1" * 490, 16.0), ("1" + "+1" * 499, 500.0),
           ("abs(" * 150 + "-1" + ")" * 150, 1.0), ("1" + "0" * 200 + "/1" + "0" * 200, 1.0)], {})
    check([("1" + "+1" * 500, None), (" " * 1000 + "1", None), ("(" * 1000, None), ("(" * 5000 + "1" + ")" * 5000, None)], {})


def refuses() -> None:
    cells = {"A1": 3.0, "Z9": 1e300}
    check([(formula, None) for formula in NO_FORMULA + NO_VALUE], cells)


def holds() -> None:
    with scratch() as place:
        mark = place / "mark"
        check([(formula.format(mark), None) for formula in BREAK], {"A1": 3.0})
        expect(not mark.exists(), "a formula wrote a file")


judge({"calculates": calculates, "deep": deep, "refuses": refuses, "holds": holds})
