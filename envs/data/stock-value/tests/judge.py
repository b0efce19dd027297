"""Runs answer.py on made-up warehouses; the units are kept one by one in Python."""

import random
import sqlite3
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
START = 1_709_290_000
SCHEMA = """
CREATE TABLE move (id INTEGER PRIMARY KEY, item TEXT, at TEXT, kind TEXT, quantity INTEGER, unit_cents INTEGER);
CREATE TABLE correction (move_id INTEGER, quantity INTEGER);
"""


def shown(second: int, dice: random.Random) -> str:
    """Write a moment at some distance from UTC."""
    zone = timezone(timedelta(minutes=dice.choice([0, 60, 120, -300, 330, -480])))
    return datetime.fromtimestamp(second, zone).isoformat().replace("+00:00", "Z")


def valued(moves: list) -> dict:
    """Return the answer about one item, from its moves in order."""
    there, told = [], {"units": 0, "value_cents": 0, "sold_cost_cents": 0, "short_units": 0}
    for kind, quantity, cents in moves:
        if kind == "in":
            there += [cents] * quantity
            continue
        taken, there = there[:quantity], there[quantity:]
        told["short_units"] += quantity - len(taken)
        told["sold_cost_cents"] += sum(taken) * (kind == "out")
    return {**told, "units": len(there), "value_cents": sum(there)}


def database(moves: list, corrections: list) -> bytes:
    """Return the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stock.db")
        connection = sqlite3.connect(path)
        connection.executescript(SCHEMA)
        connection.executemany("INSERT INTO move VALUES (?, ?, ?, ?, ?, ?)", moves)
        connection.executemany("INSERT INTO correction VALUES (?, ?)", corrections)
        connection.commit()
        connection.close()
        return path.read_bytes()


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    numbers = iter(sorted(dice.sample(range(1, 4000), 400)))
    moves, corrections, wanted = [], [], {}
    for item in ["bolt", "nut 5", "Öse", "gear"]:
        second, true = START + dice.randrange(90_000), []
        for _ in range(dice.randrange(8, 40)):
            kind, number = dice.choice(["in", "in", "out", "out", "loss"]), next(numbers)
            quantity = dice.randrange(20) if kind != "loss" else dice.randrange(4)
            cents = dice.randrange(100, 900) if kind == "in" else None
            true.append((kind, quantity, cents))
            typed = quantity
            if dice.random() < 0.2:
                typed = quantity * 10 + 1
                corrections += [(number, dice.randrange(90))] * dice.randrange(2) + [(number, quantity)]
            moves.append((number, item, shown(second, dice), kind, typed, cents))
            second += dice.choice([0, 0, 60, 3600, 40_000])
        wanted[item] = valued(true)
    dice.shuffle(moves)
    return {"stock.db": database(moves, corrections)}, wanted


def answers() -> None:
    for seed in range(1, 7):
        ask(f"warehouse {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
