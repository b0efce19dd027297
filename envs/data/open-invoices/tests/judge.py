"""Runs query.sql on made-up databases; what is owed is summed up in Python while they are made."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import judge
from querying import query, rows

GIVEN = 100
"""The seed of what the agent was given."""
DATABASE = "shop.db"
COLUMNS = ["customer", "invoices", "open_cents", "oldest_due_on"]
NAMES = ["Ada", " Ada ", "O'Neil", "", None, "   ", "Bjørn", "Zed"]
SCHEMA = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER, due_on TEXT, voided_at TEXT);
CREATE TABLE invoice_item (invoice_id INTEGER, quantity INTEGER, cents INTEGER);
CREATE TABLE payment (invoice_id INTEGER, cents INTEGER, state TEXT);
"""


def items_of(dice: random.Random) -> list:
    """Return quantities and cents of an invoice; amounts are few, so that sums are often equal."""
    items = [(dice.randrange(1, 4), dice.choice([500, 500, 1000, 2500])) for _ in range(dice.randrange(4))]
    return items + [(1, -500)] * (dice.random() < 0.2)


def payments_of(total: int, dice: random.Random) -> list:
    """Return cents and states of the payments for an invoice."""
    kind = dice.randrange(6)
    exact = [[], [total], [total // 2], [total + 1000], [total, -500], [total // 2, total - total // 2]][kind]
    payments = [(cents, "booked") for cents in exact]
    return payments + [(dice.choice([total, 500]), dice.choice(["pending", "failed"])) for _ in range(dice.randrange(2))]


def build(seed: int) -> tuple:
    """Return a script that makes a database, and the right rows."""
    dice = random.Random(seed)
    customers = [(i, dice.choice(NAMES)) for i in dice.sample(range(1, 200), 30)]
    invoices, items, payments, owed = [], [], [], {}
    for i in dice.sample(range(1000, 9000), 150):
        customer = dice.choice(customers[:25])[0]
        due = dice.choice(["2024-06-01", "2024-05-31", "2023-12-31", f"2024-0{dice.randrange(1, 9)}-15"])
        voided = dice.choice([None, None, None, None, "2024-05-02"])
        bought = items_of(dice)
        total = sum(quantity * cents for quantity, cents in bought)
        paid = payments_of(total, dice)
        invoices.append((i, customer, due, voided))
        items += [(i, *item) for item in bought]
        payments += [(i, *payment) for payment in paid]
        still = total - sum(cents for cents, state in paid if state == "booked")
        if voided is None and due < "2024-06-01" and still > 0:
            owed.setdefault(customer, []).append((still, due))
    names = {i: (name or "").strip() or "(no name)" for i, name in customers}
    table = [(names[i], len(debts), sum(one[0] for one in debts), min(one[1] for one in debts), i) for i, debts in owed.items()]
    table.sort(key=lambda row: (-row[2], row[4]))
    dice.shuffle(items)
    dice.shuffle(payments)
    script = SCHEMA + rows("customer", customers) + rows("invoice", invoices)
    return script + rows("invoice_item", items) + rows("payment", payments), [list(row[:4]) for row in table]


def answers() -> None:
    for seed in range(1, 7):
        script, wanted = build(seed)
        query(f"database {seed}", script, "query.sql", COLUMNS, wanted)


if __name__ == "__main__":
    judge({"answers": answers})
