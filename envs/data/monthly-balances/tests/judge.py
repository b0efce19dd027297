"""Runs query.sql on made-up ledgers; balances are added up in Python while they are made."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import judge
from querying import query, rows

GIVEN = 100
"""The seed of what the agent was given."""
DATABASE = "ledger.db"
COLUMNS = ["account", "month", "change_cents", "balance_cents"]
NAMES = ["cash", "Bank", "petty cash", "O'Neil's", "bank", "Ärzte", "idle"]
SCHEMA = """
CREATE TABLE account (name TEXT PRIMARY KEY, opening_cents INTEGER NOT NULL, closed_on TEXT);
CREATE TABLE movement (account TEXT NOT NULL, at TEXT NOT NULL, cents INTEGER NOT NULL, deleted INTEGER NOT NULL);
"""


def named(month: int) -> str:
    """Write a month, counted from January 2023."""
    return f"{2023 + month // 12}-{month % 12 + 1:02d}"


def build(seed: int, *, empty: bool = False) -> tuple:
    """Return a script that makes a database, and the right rows."""
    dice = random.Random(seed)
    first = dice.randrange(10)
    busy = [first, first + 4, first + dice.randrange(6, 20), first + 1]
    accounts, movements, moved = [], [], {}
    for name in NAMES:
        closed = dice.choice([None, None, max(busy) - 1, first - 1, max(busy) + 2])
        accounts.append((name, dice.randrange(-5000, 90_000), None if closed is None else f"{named(closed)}-28", closed))
        for _ in range(0 if name == "idle" else dice.randrange(1, 14)):
            month, deleted = dice.choice(busy), int(empty or dice.random() < 0.2)
            if deleted:
                month += dice.choice([-3, 0, 7])
            elif closed is not None and month > closed:
                continue
            at = f"{named(month)}-{dice.choice(['01T00:00:00', '28T23:59:59', '15T12:00:00'])}"
            cents = dice.randrange(-20_000, 20_000)
            movements.append((name, at, cents, deleted))
            if not deleted:
                moved[name, month] = moved.get((name, month), 0) + cents
    dice.shuffle(movements)
    dice.shuffle(accounts)
    table = []
    months = [month for _, month in moved]
    for name, balance, _, closed in sorted(accounts, key=lambda account: account[0].encode()):
        for month in range(min(months), max(months) + 1) if months else ():
            if closed is None or month <= closed:
                change = moved.get((name, month), 0)
                balance += change
                table.append([name, named(month), change, balance])
    script = SCHEMA + rows("account", [account[:3] for account in accounts]) + rows("movement", movements)
    return script, table


def answers() -> None:
    for seed in range(1, 7):
        script, wanted = build(seed, empty=seed == 6)
        query(f"database {seed}", script, "query.sql", COLUMNS, wanted)


if __name__ == "__main__":
    judge({"answers": answers})
