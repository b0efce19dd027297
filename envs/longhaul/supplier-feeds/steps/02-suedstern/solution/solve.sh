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


GERMAN = re.compile(r"([0-9]{1,3}(\.[0-9]{3})*|[0-9]+)(,[0-9]+)?")
NUMBER = re.compile(r"[0-9]{1,3}")


def read_suedstern(data: bytes) -> tuple:
    """Likewise; the stock is packs times pieces of a pack."""
    good, bad = [], []
    rows = csv.reader(io.StringIO(data.decode("cp1252"), newline=""), delimiter=";")
    next(rows)
    for number, (article, name, price, packs, each) in enumerate(rows, 1):
        is_good = NUMBER.fullmatch(article) and GERMAN.fullmatch(price) and COUNT.fullmatch(packs) and COUNT.fullmatch(each) and int(each)
        if is_good:
            value = cents(price.replace(".", "").replace(",", "."))
            good.append((f"S-{int(article):03d}", name.strip(), value, int(packs) * int(each)))
        else:
            bad.append(number)
    return good, bad


def load(path: str) -> dict:
    """Read one feed, whosever it is."""
    with open(path, "rb") as file:
        data = file.read()
    good, bad = (read_suedstern if data.startswith(b"Artikel;") else read_nordwind)(data)
    return {"articles": {row[0]: list(row[1:]) for row in good}, "refused": bad}


def merge(paths: list) -> dict:
    """Read several feeds, later ones over earlier ones."""
    loaded = [load(path) for path in paths]
    articles: dict = {}
    for feed in loaded:
        articles.update(feed["articles"])
    return {"articles": articles, "refused": [feed["refused"] for feed in loaded]}
PYTHON
