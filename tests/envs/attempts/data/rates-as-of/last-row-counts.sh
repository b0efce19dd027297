# The last row of the file is taken for the last one published.
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from bisect import bisect_right
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

folder, out = Path(sys.argv[1]), Path(sys.argv[2])


def rows(name):
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


published = {}
for row in rows("rates.csv"):
    published[row["currency"], row["date"]] = Decimal(row["eur"]) if row["eur"] else None
dates = {}
for (currency, date), rate in sorted(published.items()):
    if rate is not None:
        dates.setdefault(currency, []).append(date)

total, by_currency, unpriced = Decimal(0), {}, []
for trade in rows("trades.csv"):
    currency, date, amount = trade["currency"].strip().upper(), trade["date"], Decimal(trade["amount"])
    if currency == "EUR":
        rate = Decimal(1)
    else:
        known = dates.get(currency, [])
        place = bisect_right(known, date)
        if not place:
            unpriced.append(trade["trade_id"])
            continue
        rate = published[currency, known[place - 1]]
    euros = (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    total += euros
    by_currency[currency] = by_currency.get(currency, Decimal(0)) + euros

answer = {
    "total_eur": float(total),
    "by_currency": {currency: float(euros) for currency, euros in by_currency.items()},
    "unpriced": sorted(unpriced),
}
out.write_text(json.dumps(answer) + "\n")
PYTHON
