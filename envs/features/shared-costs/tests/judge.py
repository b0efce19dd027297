"""Compares with a reference in fractions."""

import json
import random
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

SHARES = "from trip.costs import shares\ndef case(expense):\n    found = shares(expense)\n    return [list(found.items()), all(type(value) is int for value in found.values())]"
SETTLE = "from trip.costs import balances, settle\ndef case(expenses):\n    found = balances(expenses)\n    return [list(found.items()), settle(found)]"
ONLY_SETTLE = "from trip.costs import settle as case"
NAMES = ["anna", "ben", "Carl", "dora", "émile"]


def spread(total: int, parts: dict) -> dict:
    whole = sum(parts.values())
    exact = {name: Fraction(total) * part / whole for name, part in parts.items()}
    found = {name: int(value) for name, value in exact.items()}
    left = sorted(parts, key=lambda name: (found[name] - exact[name], -parts[name], name))
    for name in left[: total - sum(found.values())]:
        found[name] += 1
    return found


def owed(expense: dict) -> dict:
    total = sum(expense["paid"].values())
    if "exactly" in expense:
        return expense["exactly"]
    parts = expense.get("parts") or expense.get("percent") or dict.fromkeys(expense.get("equally", []), 1)
    return spread(total, {name: Fraction(part) for name, part in parts.items()})


def shares_reference(expense: dict) -> list:
    return [list(owed(expense).items()), True]


def settle_reference(expenses: list) -> list:
    names = sorted({name for expense in expenses for name in [*expense["paid"], *owed(expense)]})
    held = {name: sum(each["paid"].get(name, 0) - owed(each).get(name, 0) for each in expenses) for name in names}
    return [list(held.items()), payments(held)]


def payments(held: dict) -> list:
    left, found = dict(held), []
    for debtor in sorted(held):
        for creditor in sorted(held):
            if left[debtor] < 0 and left[creditor] == -left[debtor]:
                found.append([debtor, creditor, left[creditor]])
                left[debtor] = left[creditor] = 0
    while any(left.values()):
        debtor = sorted(left, key=lambda name: (left[name], name))[0]
        creditor = sorted(left, key=lambda name: (-left[name], name))[0]
        amount = min(-left[debtor], left[creditor])
        found.append([debtor, creditor, amount])
        left[debtor] += amount
        left[creditor] -= amount
    return found


def random_expense(dice: random.Random) -> dict:
    people = dice.sample(NAMES, dice.randrange(1, 6))
    paid = {name: dice.choice([0, 1, 100, 999, 10**17 + 1, dice.randrange(5000)]) for name in dice.sample(NAMES, dice.randrange(1, 3))}
    total, kind = sum(paid.values()), dice.randrange(4)
    if kind == 0:
        return {"paid": paid, "equally": people}
    if kind == 1:
        parts = {name: dice.choice([0, 1, 1, 2, 3, 7, 1000]) for name in people}
        return {"paid": paid, "parts": parts if any(parts.values()) else dict.fromkeys(people, 2)}
    cuts = sorted(dice.randrange(total + 1) for _ in people[1:])
    if kind == 2:
        return {"paid": paid, "exactly": {name: high - low for name, low, high in zip(people, [0, *cuts], [*cuts, total])}}
    cuts = sorted(dice.randrange(0, 10**6, dice.choice([1, 2500, 10**5])) for _ in people[1:])
    sizes = [high - low for low, high in zip([0, *cuts], [*cuts, 10**6])]
    texts = [f"{size // 10**4}" + (f".{size % 10**4:04}".rstrip("0") if size % 10**4 else dice.choice(["", ".0"])) for size in sizes]
    return {"paid": paid, "percent": dict(zip(people, texts))}


def all_shares() -> None:
    dice = random.Random(1)
    named = [{"paid": {"a": 100}, "equally": ["c", "b", "a"]}, {"paid": {"a": 10}, "parts": {"z": 1, "y": 2, "x": 1}}, {"paid": {"a": 1}, "parts": {"b": 1, "a": 3, "c": 0}}, {"paid": {"a": 1000}, "percent": {"a": "33.3", "b": "33.3", "c": "33.4"}}, {"paid": {"a": 0}, "equally": ["b"]}, {"paid": {"a": 5}, "percent": {"b": "0050", "a": "50.0000"}}]
    agree(SHARES, [[expense] for expense in named + [random_expense(dice) for _ in range(500)]], shares_reference)


def settles() -> None:
    dice = random.Random(2)
    agree(SETTLE, [[[]]] + [[[random_expense(dice) for _ in range(dice.randrange(1, 6))]] for _ in range(300)], settle_reference)
    cases = [[{}], [{"a": 0}], [{"b": -5, "a": -5, "d": 5, "c": 5}], [{"a": -5, "b": -3, "c": 8}], [{"a": 5, "b": -3, "c": -2, "d": 3, "e": -3}]]
    for _ in range(300):
        held = {name: dice.choice([-5, -3, 0, 3, 5, dice.randrange(-9, 9)]) for name in dice.sample(NAMES, 4)}
        cases.append([{**held, "zoe": -sum(held.values())}])
    agree(ONLY_SETTLE, cases, payments)


def refuses() -> None:
    good = {"paid": {"a": 10}, "equally": ["a", "b"]}
    paid = good["paid"]
    bad = [{}, {"paid": paid}, {"equally": ["a"]}, {**good, "parts": {"a": 1}}, {"paid": {}, "equally": ["a"]}, {"paid": {"a": -1, "b": 5}, "equally": ["a"]}, {"paid": {"a": 1.0}, "equally": ["a"]}, {"paid": {"a": True}, "equally": ["a"]}, {"paid": {"a": "1"}, "equally": ["a"]}, {"paid": {"": 1}, "equally": ["a"]}, {"paid": [5], "equally": ["a"]},
           {"paid": paid, "equally": []}, {"paid": paid, "equally": ["a", "a"]}, {"paid": paid, "equally": ["a", ""]}, {"paid": paid, "equally": ["a", 5]}, {"paid": paid, "equally": "ab"}, {"paid": paid, "equally": {"a": 1}}, {"paid": paid, "parts": {}}, {"paid": paid, "parts": {"a": 0}}, {"paid": paid, "parts": {"a": -1, "b": 2}}, {"paid": paid, "parts": {"a": 0.5}},
           {"paid": paid, "parts": {"a": False, "b": 1}}, {"paid": paid, "parts": ["a"]}, {"paid": paid, "exactly": {"a": 9}}, {"paid": paid, "exactly": {"a": 11, "b": -1}}, {"paid": paid, "exactly": {}}, {"paid": paid, "exactly": {"a": 10.0}}, {"paid": {"a": 0}, "exactly": {}}, {"paid": paid, "percent": {"a": "99"}}, {"paid": paid, "percent": {"a": "100.00001"}},
           {"paid": paid, "percent": {"a": 100}}, {"paid": paid, "percent": {"a": "+100"}}, {"paid": paid, "percent": {"a": "101", "b": "-1"}}, {"paid": paid, "percent": {"a": "100."}}, {"paid": paid, "percent": {"a": "1e2"}}, {"paid": paid, "percent": {"a": "99.9999", "b": "0.0002"}}, {"paid": paid, "percent": {"a": "٥٠", "b": "50"}}, {"paid": paid, "percent": {"": "100"}},
           {"paid": paid, "percent": {"a": " 100"}}, {"paid": paid, "percent": {}}, {"paid": paid, "equally": ["a"], "percent": {"a": "100"}}, {"paid": paid, "equally": None}, {"paid": None, "equally": ["a"]}, {"paid": paid, "equally": [["a"]]}, {"paid": paid, "percent": {"a": ".5", "b": "99.5"}}]  # fmt: skip

    def refused(value: object) -> object:
        if value == good:
            return [[["a", 5], ["b", 5]], True]
        if value == [good]:
            return [[["a", 5], ["b", -5]], [["b", "a", 5]]]
        raise Refused("CostError")

    agree(SHARES, [[good]] + [[expense] for expense in bad], refused)
    agree(SETTLE, [[[good]]] + [[[good, expense]] for expense in bad], refused)
    agree(ONLY_SETTLE, [[held] for held in ({"a": 1}, {"a": -1, "b": 2}, {"a": 0.5, "b": -0.5}, {"a": True, "b": -1}, {"": 0}, {"a": "0"}, [], None, 5)], refused)


judge({"shares": all_shares, "settle": settles, "refuse": refuses}, partial=True)
