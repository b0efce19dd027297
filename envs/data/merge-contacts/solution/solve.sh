#!/bin/bash
set -euo pipefail
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from pathlib import Path

folder, out = Path(sys.argv[1]), Path(sys.argv[2])


def email(text):
    text = text.strip().lower()
    local, at, domain = text.rpartition("@")
    return f"{local.split('+')[0]}@{domain}" if at and local.split("+")[0] and domain else None


def phone(text):
    digits = "".join(c for c in text if c.isdigit())
    if text.strip().startswith("+"):
        pass
    elif digits.startswith("00"):
        digits = digits[2:]
    elif digits.startswith("0"):
        digits = "49" + digits[1:]
    return digits if len(digits) >= 8 else None


parents = {}


def find(item):
    while parents.setdefault(item, item) != item:
        item = parents[item]
    return item


contacts = []
for path in sorted(folder.glob("*.csv")):
    with path.open(newline="", encoding="utf-8") as file:
        contacts += csv.DictReader(file)
for row in contacts:
    find(row["id"])
    for key in [("email", email(row["email"])), ("phone", phone(row["phone"]))]:
        if key[1]:
            parents[find(key)] = find(row["id"])

people = {}
for row in contacts:
    people.setdefault(find(row["id"]), []).append(row)
answer = {
    "people": len(people),
    "groups": sorted(sorted(row["id"] for row in rows) for rows in people.values() if len(rows) > 1),
    "without_email": sorted(min(row["id"] for row in rows) for rows in people.values() if not any(email(row["email"]) for row in rows)),
}
out.write_text(json.dumps(answer) + "\n")
PYTHON
