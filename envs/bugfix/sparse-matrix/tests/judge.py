"""Plays operations on named matrices against plain lists, with determinants by permutations."""

import itertools
import random
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
from fractions import Fraction
from matrices.matrix import Matrix


def shown(value):
    return [[str(entry) for entry in row] for row in value.lists()] if isinstance(value, Matrix) else str(value)


def case(operations):
    held, seen = {}, []
    for target, name, *given in operations:
        try:
            if name == "new":
                held[target] = Matrix(*given)
            elif name == "of":
                held[target] = Matrix.of([[Fraction(entry) for entry in row] for row in given[0]])
            elif name == "set":
                held[target].set(given[0], given[1], Fraction(given[2]))
            elif name in ("copy", "transposed", "inverse"):
                held[target] = getattr(held[given[0]], name)()
            elif name == "times":
                held[target] = held[given[0]].times(held[given[1]])
            elif name == "equal":
                seen.append(held[target] == held[given[0]])
            else:
                seen.append(str(getattr(held[target], name)()))
        except (ValueError, IndexError) as error:
            seen.append(type(error).__name__)
        seen.append(shown(held[target]))
    return [seen, {key: shown(value) for key, value in sorted(held.items())}]
'''


def determinant(rows: list) -> Fraction:
    total = Fraction(0)
    for order in itertools.permutations(range(len(rows))):
        swaps = sum(a > b for a, b in itertools.combinations(order, 2))
        product = Fraction(-1 if swaps % 2 else 1)
        for row, column in enumerate(order):
            product *= rows[row][column]
        total += product
    return total


def minor(rows: list, row: int, column: int) -> list:
    return [[*line[:column], *line[column + 1 :]] for number, line in enumerate(rows) if number != row]


def rank(rows: list) -> int:
    for size in range(min(len(rows), len(rows[0])), 0, -1):
        for chosen in itertools.combinations(range(len(rows)), size):
            for columns in itertools.combinations(range(len(rows[0])), size):
                if determinant([[rows[row][column] for column in columns] for row in chosen]):
                    return size
    return 0


def reference(operations: list) -> list:
    held: dict = {}
    seen: list = []
    for target, name, *given in operations:
        source = held.get(given[0]) if given and isinstance(given[0], str) else None
        if name == "new":
            held[target] = [[Fraction(0)] * given[1] for _ in range(given[0])]
        elif name == "of":
            held[target] = [[Fraction(entry) for entry in row] for row in given[0]]
        elif name == "set":
            if 0 <= given[0] < len(held[target]) and 0 <= given[1] < len(held[target][0]):
                held[target][given[0]][given[1]] = Fraction(given[2])
            else:
                seen.append("IndexError")
        elif name == "copy":
            held[target] = [list(row) for row in source]
        elif name == "transposed":
            held[target] = [list(column) for column in zip(*source)]
        elif name == "inverse":
            whole = determinant(source) if len(source) == len(source[0]) else Fraction(0)
            if whole == 0:
                seen.append("ValueError")
            else:
                size = range(len(source))
                held[target] = [[(-1) ** (r + c) * determinant(minor(source, c, r)) / whole for c in size] for r in size]
        elif name == "times":
            other = held[given[1]]
            if len(source[0]) != len(other):
                seen.append("ValueError")
            else:
                held[target] = [[sum(a * b for a, b in zip(row, column)) for column in zip(*other)] for row in source]
        elif name == "equal":
            seen.append(held[target] == source)
        elif name == "determinant":
            square = len(held[target]) == len(held[target][0])
            seen.append(str(determinant(held[target])) if square else "ValueError")
        elif name == "rank":
            seen.append(str(rank(held[target])))
        else:
            seen.append(str(sum(entry != 0 for row in held[target] for entry in row)))
        seen.append(shown(held[target]))
    return [seen, {key: shown(value) for key, value in sorted(held.items())}]


def shown(rows: list) -> list:
    return [[str(entry) for entry in row] for row in rows]


def random_case(dice: random.Random) -> list:
    rows, columns = dice.choice([(1, 1), (2, 2), (2, 2), (3, 3), (3, 3), (2, 3), (3, 1)])
    entry = lambda: dice.choice(["0", "0", "1", "-1", "2", "-3", "1/2"])
    first = ["a", "of", [[entry() for _ in range(columns)] for _ in range(rows)]] if dice.random() < 0.7 else ["a", "new", rows, columns]
    operations = [first, ["b", "copy", "a"], ["c", "new", dice.choice([rows, rows, columns]), columns]]
    for _ in range(dice.randrange(4, 16)):
        target, source, other = (dice.choice("abc") for _ in range(3))
        kinds = [[target, "set", dice.randrange(rows), dice.randrange(columns), entry()]] * 8
        kinds += [[target, "determinant"]] * 4 + [[target, "rank"], [target, "num_entries"], [target, "equal", source], [target, "equal", source]]
        kinds += [[target, "copy", source], [target, "transposed", source], [target, "transposed", source], [target, "inverse", source]]
        kinds += [[target, "times", source, other], [target, "set", *dice.choice([(-1, 0), (0, -1), (9, 0), (0, 9)]), "1"]]
        operations.append(dice.choice(kinds))
    return [operations]


NAMED = [
    [[["a", "of", [["1", "2"]]], ["b", "transposed", "a"], ["b", "set", 0, 0, "9"], ["c", "transposed", "a"], ["a", "set", 0, 0, "4"], ["c", "transposed", "a"]]],
    [[["a", "new", 2, 2], ["b", "new", 2, 3], ["a", "equal", "b"], ["a", "set", 0, 0, "1"], ["a", "set", 0, 0, "0"], ["c", "new", 2, 2], ["a", "equal", "c"]]],
    [[["a", "of", [["-1"]]], ["a", "determinant"], ["b", "inverse", "a"], ["a", "set", 0, 0, "0"], ["a", "determinant"], ["b", "inverse", "a"], ["a", "num_entries"]]],
]


def sequences() -> None:
    dice = random.Random(31)
    agree(DRIVER, NAMED + [random_case(dice) for _ in range(300)], reference)


judge({"sequences": sequences})
