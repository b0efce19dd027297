#!/bin/bash
set -euo pipefail
cat > feeds.py <<'PYTHON'
"""Feeds of suppliers."""

import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal

ARTICLE = re.compile(r"N-[0-9]{3}")
PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")
COUNT = re.compile(r"[0-9]+")


def cents(text: str) -> int:
    """Return an amount in cents, half a cent rounded up."""
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def read_nordwind(data: bytes) -> tuple:
    """Return the good rows and the numbers of the others, from 1."""
    good, bad = [], []
    for number, row in enumerate(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")), 1):
        if ARTICLE.fullmatch(row["sku"]) and PRICE.fullmatch(row["price"]) and COUNT.fullmatch(row["stock"]):
            good.append((row["sku"], row["name"].strip(), cents(row["price"]), int(row["stock"])))
        else:
            bad.append(number)
    return good, bad


def load(path: str) -> dict:
    """Read one feed."""
    with open(path, "rb") as file:
        good, bad = read_nordwind(file.read())
    return {"articles": {row[0]: list(row[1:]) for row in good}, "refused": bad}
PYTHON
