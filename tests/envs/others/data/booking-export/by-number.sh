# Whole cents, and one dictionary by number.
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

folder, out = map(Path, sys.argv[1:])
text = (folder / "bookings.csv").read_bytes().decode("utf-8-sig")
by_number = {}
for row in csv.DictReader(text.splitlines(keepends=True), delimiter=";"):
    by_number[row["number"]] = row
gone = set()
for number, row in by_number.items():
    if row["cancels"]:
        gone |= {number, row["cancels"]}


def cents(text):
    sign = -1 if text.endswith("-") else 1
    whole, _, rest = text.rstrip("-").replace(".", "").partition(",")
    return sign * (int(whole) * 100 + int((rest + "00")[:2]))


accounts, months, largest = defaultdict(int), defaultdict(int), (-1, None)
valid = [row for number, row in by_number.items() if number not in gone]
for row in valid:
    amount = cents(row["amount"])
    day, month, year = row["date"].split(".")
    accounts[row["account"]] += amount
    months[f"{int(year):04}-{int(month):02}"] += amount
    largest = max(largest, (abs(amount), row["number"]))
answer = {
    "bookings": len(valid),
    "by_account": {name: total / 100 for name, total in accounts.items()},
    "by_month": {name: total / 100 for name, total in months.items()},
    "largest": largest[1],
}
out.write_text(json.dumps(answer))
PYTHON
