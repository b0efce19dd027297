# Exact decimals, and a walk back through the days.
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

folder, out = map(Path, sys.argv[1:])


def rows(name):
    with open(folder / name, encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


latest = {}
for row in sorted(rows("rates.csv"), key=lambda row: row["published_at"]):
    latest[row["currency"].strip().upper(), row["date"].strip()] = row["eur"].strip()
rates = {}
for (currency, day), euros in sorted(latest.items()):
    if euros:
        rates.setdefault(currency, []).append((day, Decimal(euros)))
totals, unpriced = {}, []
for trade in rows("trades.csv"):
    currency, day = trade["currency"].strip().upper(), trade["date"].strip()
    before = [rate for since, rate in rates.get(currency, []) if since <= day]
    if currency == "EUR":
        before = [Decimal(1)]
    if not before:
        unpriced.append(trade["trade_id"])
        continue
    euros = (Decimal(trade["amount"].strip()) * before[-1]).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    totals[currency] = totals.get(currency, Decimal(0)) + euros
answer = {
    "total_eur": float(sum(totals.values())),
    "by_currency": {currency: float(total) for currency, total in totals.items()},
    "unpriced": sorted(unpriced),
}
out.write_text(json.dumps(answer))
PYTHON
