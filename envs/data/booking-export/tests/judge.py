"""Runs answer.py on made-up exports whose sums are known before they are written down as the program would."""

import csv
import io
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
TEXTS = ["Rent", "Fuel; two receipts", 'Books, "used"', "Café Müller", "Train\nand taxi", "", "Miete März"]
COLUMNS = ["number", "date", "account", "text", "amount", "cancels"]


def written(cents: int) -> str:
    """Write an amount as the program does."""
    euros = f"{abs(cents) // 100:,}".replace(",", ".")
    return f"{euros},{abs(cents) % 100:02d}" + "-" * (cents < 0)


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    rows, valid = [], []
    for i in range(dice.randrange(80, 160)):
        year, month, day = dice.choice([2023, 2024]), dice.randrange(1, 13), dice.randrange(1, 29)
        cents = dice.choice([-1, 1, 1]) * dice.choice([dice.randrange(1, 10_000), dice.randrange(100_000, 9_000_000)])
        number, account = f"B{i:05d}", dice.choice(["0420", "1200", "4400", "6815", "8001"])
        row = [number, f"{day:02d}.{month:02d}.{year}", account, dice.choice(TEXTS), written(cents), ""]
        rows.append(row)
        if dice.random() < 0.12:
            rows.append([f"C{i:05d}", row[1], account, "Cancellation", written(-cents), number])
        else:
            valid.append((number, f"{year}-{month:02d}", account, cents))
    valid.append(("B99999", "2024-02", "1200", -912_345_678))
    rows.append(["B99999", "29.02.2024", "1200", "Machine", written(-912_345_678), ""])
    rows += [list(row) for row in dice.sample(rows, len(rows) // 6)]
    dice.shuffle(rows)
    order = dice.sample(range(6), 6)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([[row[i] for i in order] for row in [COLUMNS, *rows]])
    wanted = {"bookings": len(valid), "by_account": {}, "by_month": {}, "largest": "B99999"}
    for _, month, account, cents in valid:
        for key, name in (("by_account", account), ("by_month", month)):
            wanted[key][name] = wanted[key].get(name, 0) + cents
    for key in ("by_account", "by_month"):
        wanted[key] = {name: cents / 100 for name, cents in wanted[key].items()}
    return {"bookings.csv": text.getvalue().encode("utf-8-sig")}, wanted


def answers() -> None:
    for seed in range(1, 6):
        ask(f"export {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
