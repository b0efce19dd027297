#!/bin/bash
set -euo pipefail
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from decimal import Decimal
from pathlib import Path


def amount(text):
    sign = -1 if text.endswith("-") else 1
    return sign * Decimal(text.rstrip("-").replace(".", "").replace(",", "."))


folder, out = Path(sys.argv[1]), Path(sys.argv[2])
with (folder / "bookings.csv").open(encoding="utf-8-sig", newline="") as file:
    bookings = {row["number"]: row for row in csv.DictReader(file, delimiter=";")}

void = {row["cancels"] for row in bookings.values() if row["cancels"]}
valid = [row for row in bookings.values() if not row["cancels"] and row["number"] not in void]
by_account, by_month = {}, {}
for row in valid:
    value = amount(row["amount"])
    by_account[row["account"]] = by_account.get(row["account"], Decimal(0)) + value
    _, month, year = row["date"].split(".")
    by_month[f"{year}-{month}"] = by_month.get(f"{year}-{month}", Decimal(0)) + value

largest = max(valid, key=lambda row: abs(amount(row["amount"])))
answer = {
    "bookings": len(valid),
    "by_account": {account: float(total) for account, total in by_account.items()},
    "by_month": {month: float(total) for month, total in by_month.items()},
    "largest": largest["number"],
}
out.write_text(json.dumps(answer, indent=2) + "\n")
PYTHON
