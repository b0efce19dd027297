#!/bin/bash
set -euo pipefail
cat > feeds.py <<'PYTHON'
"""Feeds of suppliers."""

import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

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


def changes(before: list, after: list) -> dict:
    """Compare two sets of feeds."""
    old, new = merge(before)["articles"], merge(after)["articles"]
    both = sorted(old.keys() & new.keys())
    prices = [[article, old[article][1], new[article][1]] for article in both if old[article][1] != new[article][1]]
    dearer = [row for row in prices if row[2] > row[1]]
    # The share is compared crosswise, since a price of 0 has no share.
    dearer.sort(key=_share, reverse=True)
    return {
        "new": sorted(new.keys() - old.keys()),
        "gone": sorted(old.keys() - new.keys()),
        "prices": prices,
        "sold_out": [article for article in both if old[article][2] and not new[article][2]],
        "steepest": dearer[0][0] if dearer else None,
    }


def _share(row: list) -> tuple:
    article, old, new = row
    return (1, new, _last(article)) if old == 0 else (0, Fraction(new, old), _last(article))


def _last(article: str) -> tuple:
    """Sort backwards: of equal ones the first article is to win."""
    return tuple(-ord(letter) for letter in article)
PYTHON
