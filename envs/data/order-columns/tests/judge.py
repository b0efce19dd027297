"""Runs answer.py on made-up orders in Parquet files."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge
from parquet import BOOLEAN, BYTES, DOUBLE, FLOAT, INT32, INT64, parquet

GIVEN = 100
"""The seed of what the agent was given."""
START = 1_709_290_000_123
CUSTOMERS = ["ann", "Bo & Co", "Öz", "", "PAR1", "long " * 30]
SPARE = {"note": (BYTES, True), "spare": (FLOAT, False), "flag": (BOOLEAN, False), "number": (INT32, True)}


def order(dice: random.Random, number: int, at: int, large: bool) -> dict:
    """Make up a row with all columns that there can be."""
    limit = 9_000_000_000 if large else 2_000_000_000
    return {
        "id": number,
        "customer": dice.choice([None, *CUSTOMERS, CUSTOMERS[0], CUSTOMERS[0]]),
        "cents": dice.choice([None, dice.randrange(-limit, limit), dice.randrange(-500, 90_000)]),
        "paid": dice.choice([True, True, False, None]),
        "weight": dice.choice([None, dice.randrange(800) / 8, -0.0]),
        "at": at,
        "note": dice.choice([None, "PAR1", "ä" * dice.randrange(200)]),
        "spare": 0.5,
        "flag": dice.random() < 0.5,
        "number": dice.choice([None, -1, 2**31 - 1]),
    }


def answer(rows: list) -> dict:
    """Return the right answer about the rows of all files."""
    latest: dict = {}
    for row in sorted(rows, key=lambda row: row["at"]):
        latest[row["id"]] = row
    counted = list(latest.values())
    paid = [row for row in counted if row["paid"] is True and row["cents"] is not None]
    weights = [row["weight"] for row in counted if row["weight"] is not None]
    newest = [row["id"] for row in counted if row["at"] == max(row["at"] for row in counted)]
    names = {row["customer"] for row in paid} - {None}
    return {
        "orders": len(counted),
        "paid_cents": sum(row["cents"] for row in paid),
        "by_customer": {name: sum(row["cents"] for row in paid if row["customer"] == name) for name in sorted(names)},
        "unknown": sum(row["customer"] is None and row["cents"] is None for row in counted),
        "mean_weight": sum(weights) / len(weights) if weights else None,
        "last": min(newest, default=None),
    }


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    moments = iter(dice.sample(range(START, START + 10**9), 2000))
    files, everything, numbers = {"notes.txt": b"PAR1 nothing PAR1"}, [], dice.sample(range(-50, 10**12), 500)
    for name, size in (("a.parquet", 150), ("b 2.parquet", 90), ("empty.parquet", 0), ("c.parquet", dice.randrange(1, 30))):
        large = dice.random() < 0.5
        columns = {"id": (INT64, False), "customer": (BYTES, True), "cents": (INT64 if large else INT32, True)}
        columns |= {"paid": (BOOLEAN, True), "weight": (DOUBLE, True), "at": (INT64, False)}
        columns |= {spare: SPARE[spare] for spare in SPARE if dice.random() < 0.6}
        columns = {column: columns[column] for column in dice.sample(list(columns), len(columns))}
        rows = [order(dice, dice.choice(numbers), next(moments), large) for _ in range(size)]
        if name == "a.parquet":
            last = START + 10**9
            rows[:2] = [order(dice, 10**12 + 7, last, large), order(dice, 10**12 + 3, last, large)]
            for row in rows[20:120]:
                row["paid"] = True if dice.random() < 0.9 else None
        cuts = sorted(dice.choices(range(size + 1), k=dice.randrange(3))) if size else []
        groups = [rows[i:j] for i, j in zip([0, *cuts], [*cuts, size]) if i < j]
        files[name] = parquet(columns, groups, dice)
        everything += rows
    return files, answer(everything)


def answers() -> None:
    for seed in range(1, 7):
        ask(f"orders {seed}", *build(seed))
    dice = random.Random(0)
    columns = {"at": (INT64, False), "id": (INT64, False), "cents": (INT32, True), "customer": (BYTES, True), "weight": (DOUBLE, True), "paid": (BOOLEAN, True)}
    ask("no orders", {"x.parquet": parquet(columns, [], dice)}, answer([]))


if __name__ == "__main__":
    judge({"answers": answers})
