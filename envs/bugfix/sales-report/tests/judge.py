"""Compares reports with a reference that counts in dictionaries, all in one process and from generators."""

import random
import re
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
import json
from report.build import build


def case(rows, filters, top, once):
    before = json.dumps([rows, filters])
    given = (row for row in rows) if once else rows
    found = build(given, filters, top) if filters or top is not None else build(given)
    return [found, json.dumps([rows, filters]) == before]
'''


def reference(rows: list, filters: list, top: object, once: bool) -> list:
    errors, counted = [], []
    for number, row in enumerate(rows, 1):
        if {"region", "product", "amount"} - set(row) or not re.fullmatch(" *-?[0-9]+ *", row["amount"]):
            errors.append(number)
            continue
        values = {"region": row["region"].strip(" ").lower(), "product": row["product"], "amount": int(row["amount"])}
        right = True
        for field, operator, value in filters:
            value = int(value) if field == "amount" else value.strip(" ").lower() if field == "region" else value
            right = right and {"=": values[field] == value, "!=": values[field] != value, ">=": field == "amount" and values[field] >= value}[operator]
        if right:
            counted.append(values)
    total = sum(values["amount"] for values in counted)
    lines = []
    for region in {values["region"] for values in counted}:
        mine = [values for values in counted if values["region"] == region]
        sums: dict = {}
        for values in mine:
            sums[values["product"]] = sums.get(values["product"], 0) + values["amount"]
        cents = sum(sums.values())
        share = Fraction(1000 * cents, total) + Fraction(1, 2) if total > 0 else Fraction(0)
        best = min(product for product in sums if sums[product] == max(sums.values()))
        lines.append({"region": region, "rows": len(mine), "cents": cents, "best": best, "share": share.numerator // share.denominator})
    lines.sort(key=lambda line: (-line["cents"], line["region"]))
    return [{"rows": len(counted), "cents": total, "errors": errors, "regions": lines if top is None else lines[:top]}, True]


def random_row(dice: random.Random) -> dict:
    row = {"region": dice.choice(["north", "North", " south ", "South", "east", "Élan", "west\u00a0"]), "product": dice.choice(["cup", "pot", "fan", "Cup"])}
    row["amount"] = dice.choice(["5", "5", "10", "-5", " 20 ", "0", "125", str(dice.randrange(1000))])
    if dice.random() < 0.12:
        row["amount"] = dice.choice(["", "x", "1.5", "+5", "1 0", "٣", "5\n", "--5", "1e3", "\t5"])
    if dice.random() < 0.05:
        row.pop(dice.choice(list(row)))
    return row


def random_cases(amount: int) -> list:
    dice = random.Random(23)
    choices = [["region", "=", "North "], ["region", "!=", "south"], ["product", "=", "cup"], ["product", "!=", "Cup"], ["amount", ">=", "5"], ["amount", ">=", "-1"]]
    choices += [["amount", "=", "5"], ["amount", "!=", "5"], ["product", "!=", "pot"]]
    cases = [[[], [], None, False], [[{}], [], None, True], [[{"region": "a", "product": "b", "amount": "-1"}], [], 0, True]]
    sales = lambda *cents: [{"region": region, "product": "cup", "amount": str(each)} for region, each in zip("abc", cents)]
    cases += [[sales(*cents), [], None, False] for cents in ((1, 15), (-1, 17), (3, 5, 8), (1, 1999), (5, 5), (1, -1))]
    for _ in range(amount):
        rows = [random_row(dice) for _ in range(dice.choice([1, 3, 8, 20]))]
        filters = [dice.choice(choices) for _ in range(dice.choice([0, 0, 1, 2, 3]))]
        cases.append([rows, filters, dice.choice([None, None, 0, 1, 2]), dice.random() < 0.6])
    return cases


judge({"build": lambda: agree(DRIVER, random_cases(500), reference)})
