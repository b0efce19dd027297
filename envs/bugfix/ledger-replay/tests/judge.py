"""Plays operations against a ledger that recounts all its movements each time, and looks whether snapshots are used."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
from ledger.book import Book
from ledger.state import State


def case(every, operations):
    book, seen = Book(every), []
    for name, *given in operations:
        try:
            found = getattr(book, name)(*given)
            seen.append(dict(found) if isinstance(found, dict) else found)
            if isinstance(found, dict):
                found["spoilt"] = 1
                for key in found:
                    found[key] = -1
        except Exception as error:
            seen.append(type(error).__name__)
    return seen
'''
USE = '''
from ledger.book import Book
from ledger.state import State

applied = []
original = State.apply


def counted(self, event):
    applied.append(event)
    original(self, event)


def case(every, amount):
    State.apply = counted
    book = Book(every)
    for number in range(amount):
        book.deposit(str(number), "a", 1)
    applied.clear()
    book.restart()
    return [len(applied), book.balances(), book.deposit("0", "a", 1), book.deposit("new", "a", 1)]
'''


def reference(every: int, operations: list) -> list:
    moves: list = []
    seen: list = []

    def count(amount: int) -> dict:
        found: dict = {}
        for _, source, target, value in moves[:amount]:
            if source is not None:
                found[source] = found.get(source, 0) - value
            found[target] = found.get(target, 0) + value
        return found

    for name, *given in operations:
        if name == "restart":
            seen.append(None)
        elif name == "balances":
            version = given[0] if given else len(moves)
            seen.append(count(version) if 0 <= version <= len(moves) else "LookupError")
        else:
            key, source, target, value = given if name == "transfer" else [given[0], None, *given[1:]]
            known = [number for number, move in enumerate(moves, 1) if move[0] == key]
            if known:
                seen.append(known[0])
            elif value < 1 or source == target:
                seen.append("ValueError")
            elif source is not None and count(len(moves)).get(source, 0) < value:
                seen.append("Overdrawn")
            else:
                moves.append((key, source, target, value))
                seen.append(len(moves))
    return seen


def use_reference(every: int, amount: int) -> list:
    return [amount % every, {"a": amount}, 1, amount + 1]


def random_cases(amount: int) -> list:
    dice = random.Random(3)
    cases = []
    for _ in range(amount):
        operations = []
        for number in range(dice.randrange(3, 40)):
            key = str(dice.choice([number, number, number, dice.randrange(number + 1)]))
            kind = dice.randrange(9)
            if kind < 3:
                operations.append(["deposit", key, dice.choice("abc"), dice.choice([5, 10, 20, 0])])
            elif kind < 6:
                operations.append(["transfer", key, dice.choice("abcd"), dice.choice("abc"), dice.choice([1, 5, 12, -1])])
            elif kind < 7:
                operations.append(["restart"])
            else:
                operations.append(["balances"] if dice.random() < 0.5 else ["balances", dice.randrange(-1, 25)])
        cases.append([dice.choice([1, 2, 3, 7, 1000]), [*operations, ["restart"], ["balances"]]])
    return cases


judge(
    {
        "operations": lambda: agree(DRIVER, random_cases(400), reference),
        "snapshots": lambda: agree(USE, [[1, 5], [2, 5], [4, 11], [10, 30], [100, 7]], use_reference),
    }
)
