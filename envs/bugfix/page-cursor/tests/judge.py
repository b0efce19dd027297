"""Walks through lists that change on the way, and compares the ids with what is picked one after the other."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

DRIVER = '''
import copy
from listing.pages import page


def case(lists, sort, size):
    seen, cursor = [], None
    for items in lists:
        kept = copy.deepcopy(items)
        found = page(items, sort, size, cursor)
        cursor = found["next"]
        seen.append([found["ids"], cursor is None, items == kept])
        if cursor is None:
            break
    return seen
'''
BAD = '''
from listing.cursor import CursorError
from listing.pages import page

ITEMS = [{"id": number, "n": number % 3, "name": str(number)} for number in range(9)]


def case(kind, sort, other):
    cursor = page(ITEMS, sort, 2)["next"]
    assert isinstance(cursor, str)
    changed = {"cut": cursor[:-1], "cut more": cursor[: len(cursor) // 2], "empty": "", "none": "W10=", "number": "NQ==", "text": "xyz",
               "strange": "\\u00fc", "object": "e30=", "good": cursor}[kind]
    page(ITEMS, other, 2, changed)
    return "taken"
'''


def comes_after(item: dict, last: dict, sort: str) -> bool:
    field = sort.removeprefix("-")
    value, mark = item.get(field), last.get(field)
    if value == mark:
        return item["id"] > last["id"]
    if value is None or mark is None:
        return value is None
    return value < mark if sort[0] == "-" else value > mark


def reference(lists: list, sort: str, size: int) -> list:
    seen, last = [], None
    for items in lists:
        left = [item for item in items if last is None or comes_after(item, last, sort)]
        shown = []
        while left and len(shown) < size:
            shown.append(next(item for item in left if all(item is other or comes_after(other, item, sort) for other in left)))
            left.remove(shown[-1])
        seen.append([[item["id"] for item in shown], not left, True])
        if not left:
            break
        last = shown[-1]
    return seen


def random_items(dice: random.Random, texts: bool) -> list:
    items = []
    for number in dice.sample(range(1, 40), dice.randrange(0, 16)):
        value = dice.choice([None, "a", "b", "B", "é", ""]) if texts else dice.choice([None, 0, -1, 5, 5, 10, 100])
        items.append({"id": number, "f": value} if value is not None or dice.random() < 0.5 else {"id": number})
    return items


def random_cases(amount: int) -> list:
    dice = random.Random(7)
    cases = []
    for _ in range(amount):
        texts = dice.random() < 0.4
        items = random_items(dice, texts)
        lists = [items]
        for _ in range(20):
            if dice.random() < 0.3:
                known = {item["id"] for item in items}
                items = [item for item in items if dice.random() < 0.8] + [
                    item for item in random_items(dice, texts) if item["id"] not in known and dice.random() < 0.2
                ]
            lists.append(items)
        cases.append([lists, dice.choice(["f", "-f", "f", "-f", "id", "-id"]), dice.choice([1, 2, 3, 5])])
    return cases


def bad_reference(kind: str, sort: str, other: str) -> str:
    if kind != "good" or sort != other:
        raise Refused("CursorError")
    return "taken"


def bad() -> None:
    kinds = ["cut", "cut more", "empty", "none", "number", "text", "strange", "object", "good"]
    cases = [[kind, sort, sort] for kind in kinds for sort in ("n", "-n", "name", "id")]
    agree(BAD, [*cases, ["good", "n", "-n"], ["good", "-n", "n"], ["good", "n", "name"], ["good", "id", "n"]], bad_reference)


judge({"walks": lambda: agree(DRIVER, random_cases(400), reference), "bad_cursors": bad})
