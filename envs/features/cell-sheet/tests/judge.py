"""Evaluates trees of its own that are written as formulas, all cells anew after each change."""

import itertools
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
from sheet.sheet import Sheet


def case(steps, asked):
    sheet, seen = Sheet(), []
    for cell, text in steps:
        try:
            sheet.set(cell, text)
        except ValueError:
            seen.append("ValueError")
        seen.append([sheet.get(each) for each in asked])
    return [seen, [sheet.text(each) for each in asked]]
'''
EFFORT = '''
import time
from sheet.names import parse
from sheet.sheet import Sheet


def name(number):
    return f"{'ABCDEFGHIJ'[number // 900]}{number % 900 + 1}"


def case(kind, amount):
    sheet, started = Sheet(), time.process_time()
    found = []
    if kind == "chain":
        sheet.set(name(0), "1")
        for number in range(1, amount):
            sheet.set(name(number), f"={name(number - 1)}+1")
        found = [sheet.get(name(amount - 1)), sheet.computed]
        sheet.set(name(0), "5")
        found += [sheet.get(name(amount - 1)), sheet.get(name(amount // 2)), sheet.computed]
        sheet.set("ZZ1", "7")
        sheet.set(name(0), "5")
        found += [sheet.get(name(amount - 1)), sheet.computed]
        sheet.set(name(amount - 2), "0")
        found += [sheet.get(name(amount - 1)), sheet.get(name(amount - 3)), sheet.computed]
    elif kind == "diamonds":
        sheet.set(name(0), "1")
        for number in range(1, amount):
            sheet.set(name(number), f"={name(number - 1)}-{name(number - 1)}+{name(number - 1)}")
        found = [sheet.get(name(amount - 1)), sheet.computed]
        sheet.set(name(0), "2")
        found += [sheet.get(name(amount - 1)), sheet.computed]
    elif kind == "range":
        for number in range(20):
            sheet.set(f"Z{number + 1}", f"=SUM(AA1:CV999)+{number}")
        sheet.set("BA500", "3")
        sheet.set("CV999", "=BA500*2")
        found = [sheet.get("Z1"), sheet.get("Z20")]
        for number in range(amount):
            sheet.set("BA500", str(number))
            found.append(sheet.get("Z1"))
        before = sheet.computed
        sheet.set("CW1", "5")
        found += [sheet.get("Z1"), sheet.computed - before]
    return [found, time.process_time() - started < 8]
'''
CELLS = ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2"]
GRID = {"A1": (1, 1), "A2": (1, 2), "A3": (1, 3), "B1": (2, 1), "B2": (2, 2), "B3": (2, 3), "C1": (3, 1), "C2": (3, 2)}
FORMULAS = {
    "=1+2*3": 7, "=(1+2)*3": 9, "=10-3-2": 5, "=-2*-3": 6, "=--2": 2, "=2--2": 4, "=2*-A1": -8, "=A1": 4, "=A2": 0, "=B1": "#VALUE", "=A1+B1": "#VALUE", "= 1 + 2 ": 3, "=SUM(A1:A3)": 9, "=SUM(A3:A1)": 9, "=SUM(A1:B2)": 4, "=SUM(B2:A1,5)": 9, "=COUNT(A1:B3)": 2, "=MIN(A1:A3)": 4, "=MAX(A1:A3,9)": 9,
    "=MIN(B1)": 0, "=MIN(A2)": 0, "=SUM(B1)": 0, "=SUM((B1))": "#VALUE", "=SUM((A2))": 0, "=COUNT((A2))": 1, "=COUNT(A2)": 0, "=COUNT(A2+0)": 1, "=COUNT(1,2,B1)": 2, "=SUM(A1)*2": 8, "=SUM(SUM(1,2),MAX(3))": 6, "=-SUM(A1)": -4, "=SUM ( A1 : A3 , 1 )": 10, "=MAX(-5,-6)": -5, "=007": 7, "=SUM(ZZ1:ZZ999)": 0, "=2*(3": "#SYNTAX",
    "=": "#SYNTAX", "=1+": "#SYNTAX", "=+1": "#SYNTAX", "=1 2": "#SYNTAX", "=A1:A3": "#SYNTAX", "=SUM()": "#SYNTAX", "=SUM(1,)": "#SYNTAX", "=AVG(1)": "#SYNTAX", "=sum(1)": "#SYNTAX", "=a1": "#SYNTAX", "=A0": "#SYNTAX", "=A1000": "#SYNTAX", "=AAA1": "#SYNTAX", "=A01": "#SYNTAX", "=1/2": "#SYNTAX", "=1.5": "#SYNTAX", "=SUM(A1:A)": "#SYNTAX",
    "=SUM(A1:A2:A3)": "#SYNTAX", "=SUM 1": "#SYNTAX", "=SUM": "#SYNTAX", "=A 1": "#SYNTAX", "=(A1:A2)": "#SYNTAX", "=)": "#SYNTAX", "=1\t+1": "#SYNTAX", "=٣": "#SYNTAX", "=SUM((A1:A2))": "#SYNTAX", "=\"a\"": "#SYNTAX", "==1": "#SYNTAX", "=SUM(A1:A3+1)": "#SYNTAX", "=1,2": "#SYNTAX", "=SUM(1;2)": "#SYNTAX",
    " =1": " =1", "-5": -5, "--5": "--5", "+5": "+5", "1.5": "1.5", " 5": " 5", "#VALUE": "#VALUE", "007": 7, "٣": "٣", "5\n": "5\n", "-": "-", "text": "text",
}


class Failed(Exception):
    """The value of a tree is an error."""


def needs(tree: object) -> set:
    if not isinstance(tree, list):
        return set()
    if tree[0] == "cell":
        return {tree[1]}
    if tree[0] == "range":
        (a, b), (c, d) = GRID[tree[1]], GRID[tree[2]]
        return {name for name, (x, y) in GRID.items() if min(a, c) <= x <= max(a, c) and min(b, d) <= y <= max(b, d)}
    return set().union(*map(needs, tree[1:]))


def all_values(contents: dict) -> dict:
    """Contents are numbers, texts, errors of syntax, or trees in lists."""
    depends = {name: needs(content) for name, content in contents.items()}
    reach: dict = {name: set(others) for name, others in depends.items()}
    for middle, start in itertools.product(GRID, GRID):
        if middle in reach.get(start, ()):
            reach[start] |= reach.get(middle, set())
    for _ in range(4):
        for start in reach:
            reach[start] |= set().union(*(reach.get(other, set()) for other in reach[start]), set())
    known: dict = {}

    def value(name: str) -> object:
        if name not in known:
            content = contents.get(name)
            if not isinstance(content, list):
                known[name] = content
            elif name in reach[name]:
                known[name] = "#CYCLE"
            else:
                try:
                    known[name] = number(content)
                except Failed as error:
                    known[name] = str(error)
        return known[name]

    def is_error(name: str) -> bool:
        return isinstance(value(name), str) and (isinstance(contents[name], list) or contents[name] == "#SYNTAX")

    def numbers(names: list) -> list:
        found = []
        for name in names:
            if is_error(name):
                raise Failed(value(name))
            if isinstance(value(name), int):
                found.append(value(name))
        return found

    def number(tree: list) -> int:
        kind, *parts = tree
        if kind == "number":
            return parts[0]
        if kind == "cell":
            found = value(parts[0])
            if isinstance(found, str):
                raise Failed(found if is_error(parts[0]) else "#VALUE")
            return found or 0
        if kind == "negative":
            return -number(parts[0])
        if kind in ("SUM", "MIN", "MAX", "COUNT"):
            found = []
            for part in parts:
                if part[0] in ("cell", "range"):
                    found += numbers(sorted(needs(part), key=lambda name: GRID[name][::-1]))
                else:
                    found.append(number(part))
            return {"SUM": sum(found), "COUNT": len(found), "MIN": min(found or [0]), "MAX": max(found or [0])}[kind]
        left, right = number(parts[0]), number(parts[1])
        return {"+": left + right, "-": left - right, "*": left * right}[kind]

    return {name: value(name) for name in GRID}


def random_tree(dice: random.Random, depth: int) -> list:
    kind = dice.choice(["number", "cell", "cell", "+", "-", "*", "negative", "SUM", "MIN", "MAX", "COUNT"] if depth else ["number", "cell"])
    if kind == "number":
        return [kind, dice.randrange(10)]
    if kind == "cell":
        return [kind, dice.choice(CELLS)]
    if kind in ("SUM", "MIN", "MAX", "COUNT"):
        return [kind, *(["range", dice.choice(CELLS), dice.choice(CELLS)] if dice.random() < 0.5 else random_tree(dice, depth - 1) for _ in range(dice.randrange(1, 3)))]
    return [kind, *(random_tree(dice, depth - 1) for _ in range(1 if kind == "negative" else 2))]


def written(tree: list, dice: random.Random) -> str:
    kind, *parts = tree
    if kind in ("number", "cell"):
        return str(parts[0])
    if kind == "range":
        return f"{parts[0]}:{parts[1]}"
    texts = [written(part, dice) for part in parts]
    if kind in ("SUM", "MIN", "MAX", "COUNT"):
        return f"{kind}({', '.join(texts)})"
    wrapped = [f"({text})" if part[0] in ("+", "-") else text for part, text in zip(parts, texts)]
    if kind == "negative":
        return f"-{wrapped[0]}"
    space = dice.choice(["", " "])
    if kind == "*":
        return f"{wrapped[0]}{space}*{space}" + (f"({texts[1]})" if parts[1][0] == "*" else wrapped[1])
    return f"{texts[0]}{space}{kind}{space}{wrapped[1]}"


def random_steps(dice: random.Random, wild: bool) -> tuple:
    steps, contents, wanted = [], {}, []
    for _ in range(dice.randrange(3, 16)):
        cell = dice.choice(CELLS)
        content: object = dice.choice([dice.randrange(-9, 9), random_tree(dice, 2), random_tree(dice, 1), random_tree(dice, 1), "text", None])
        if wild and dice.random() < 0.15:
            content = "#SYNTAX"
        if isinstance(content, list) and not wild:
            later = CELLS[CELLS.index(cell) + 1 :]
            if needs(content) - set(later):
                content = dice.randrange(9)
        contents[cell] = content
        steps.append([cell, "=" + written(content, dice) if isinstance(content, list) else "" if content is None else "=1+" if content == "#SYNTAX" else str(content)])
        wanted.append(all_values({name: each for name, each in contents.items() if each is not None}))
    return steps, wanted


def check(seed: int, wild: bool, amount: int) -> None:
    dice, answers, cases = random.Random(seed), {}, []
    for _ in range(amount):
        steps, wanted = random_steps(dice, wild)
        texts = {cell: text for cell, text in steps}
        cases.append([steps, CELLS])
        answers[str(steps)] = [[[values[cell] for cell in CELLS] for values in wanted], [texts.get(cell, "") for cell in CELLS]]
    agree(DRIVER, cases, lambda steps, asked: answers[str(steps)])


def values() -> None:
    base = [["A1", "4"], ["A3", "5"], ["B1", "text"]]
    agree(DRIVER, [[[*base, ["E5", text]], ["E5"]] for text in FORMULAS], lambda steps, asked: [[[None]] * 3 + [[FORMULAS[steps[-1][1]]]], [steps[-1][1]]])
    check(1, False, 250)


def errors() -> None:
    bad = ["", "A", "1", "a1", "A0", "A1000", "AAA1", "A01", "A1 ", "$A$1", "Á1"]
    agree(DRIVER, [[[[name, "5"]], ["A1"]] for name in bad], lambda steps, asked: [["ValueError", [None]], [""]])
    check(2, True, 350)


def effort_reference(kind: str, amount: int) -> list:
    if kind == "chain":
        more = amount - 1
        return [[amount, more, amount + 4, amount // 2 + 5, 2 * more, amount + 4, 2 * more, 1, amount + 2, 2 * more + 1], True]
    if kind == "diamonds":
        return [[1, amount - 1, 2, 2 * amount - 2], True]
    return [[9, 28, *(3 * number for number in range(amount)), 3 * (amount - 1), 0], True]


judge({"values": values, "errors": errors, "effort": lambda: agree(EFFORT, [["chain", 5000], ["diamonds", 300], ["range", 60]], effort_reference, timeout_s=12)}, partial=True)
