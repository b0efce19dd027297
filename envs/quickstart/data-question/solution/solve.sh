#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
import csv
import json
from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from statistics import median


def rows(name):
    with Path(name).open(newline="") as file:
        return list(csv.DictReader(file))


def in_march(text):
    placed = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    return (placed.year, placed.month) == (2024, 3)


names = {row["customer_id"]: row["name"] for row in rows("customers.csv")}
rates = {row["currency"]: Decimal(row["eur"]) for row in rows("rates.csv")}
orders = {row["order_id"]: row for row in rows("orders.csv")}  # a later row replaces an earlier one

amounts, by_customer = [], Counter()
for order in orders.values():
    if order["status"] == "paid" and in_march(order["placed_at"]):
        euros = Decimal(order["amount"].replace(",", "")) * rates[order["currency"]]
        amounts.append(euros)
        by_customer[names[order["customer_id"]]] += euros

answers = {
    "paid_orders": len(amounts),
    "revenue_eur": float(round(sum(amounts), 2)),
    "best_customer": by_customer.most_common(1)[0][0],
    "median_order_eur": float(round(median(amounts), 2)),
}
Path("answers.json").write_text(json.dumps(answers, indent=2) + "\n")
PYTHON
