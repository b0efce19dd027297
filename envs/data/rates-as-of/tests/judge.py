"""Runs answer.py on made-up trades and rates; the rate of each day is known before corrections are put on top."""

import csv
import io
import random
import sys
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
FIRST = date(2024, 2, 1)
SIZES = {"USD": 9200, "CHF": 10400, "JPY": 61, "SEK": 880}


def table(columns: list, rows: list) -> bytes:
    """Write CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode()


def history(dice: random.Random) -> tuple:
    """Return the rows of rates.csv, and the rate per 10000 of each currency and day that has one."""
    rows, valid = [], {}
    for currency, size in SIZES.items():
        for day in range(dice.randrange(6), 75):
            when = FIRST + timedelta(day)
            if when.weekday() > 4 or dice.random() < 0.1:
                continue
            rates = [size + dice.randrange(-size // 3, size // 3) for _ in range(dice.choice([1, 1, 1, 2, 3]))]
            if len(rates) > 1 and dice.random() < 0.4:
                rates[-1] = None
            for i, rate in enumerate(rates):
                written = "" if rate is None else f"{rate / 10000:.4f}"
                rows.append([when, currency, written, f"{when + timedelta(i)}T{15 + i}:30:00Z"])
            if rates[-1] is not None:
                valid[currency, when] = rates[-1]
    dice.shuffle(rows)
    return rows, valid


def cents(amount: int, rate: int) -> int:
    """Return cents times a rate per 10000, half a cent away from zero."""
    size = int(Fraction(abs(amount) * rate, 10000) + Fraction(1, 2))
    return size if amount > 0 else -size


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    rates, valid = history(dice)
    trades, sums, unpriced = [], {}, []
    for i in dice.sample(range(1, 2000), 220):
        currency, when = dice.choice([*SIZES, "EUR"]), FIRST + timedelta(dice.randrange(80))
        amount = dice.choice([-1, 1, 1]) * dice.randrange(1, 900_000)
        days = [day for money, day in valid if money == currency and day <= when]
        rate = 10000 if currency == "EUR" else valid[currency, max(days)] if days else None
        typed = dice.choice([currency, currency, currency.lower(), f" {currency}", f"{currency.title()} "])
        trades.append([f"T{i}", when, typed, f"{'-' * (amount < 0)}{abs(amount) // 100}.{abs(amount) % 100:02d}"])
        if rate is None:
            unpriced.append(f"T{i}")
        else:
            sums[currency] = sums.get(currency, 0) + cents(amount, rate)
    files = {
        "trades.csv": table(["trade_id", "date", "currency", "amount"], trades),
        "rates.csv": table(["date", "currency", "eur", "published_at"], rates),
    }
    wanted = {
        "total_eur": sum(sums.values()) / 100,
        "by_currency": {currency: total / 100 for currency, total in sums.items()},
        "unpriced": sorted(unpriced),
    }
    return files, wanted


def answers() -> None:
    for seed in range(1, 6):
        ask(f"trades {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
