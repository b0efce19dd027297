"""Feeds of suppliers, made up, and what they mean. Shared by the judges of all steps."""

import csv
import io
import random
from decimal import ROUND_HALF_UP, Decimal

NAMES = ["Bolt, M8", 'Nut "fine"', "Größe 7 Ring", "washer", " padded ", "two\nlines", "café au lait", "-", "=1+1"]


def cents(text: str) -> int:
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def north(dice: random.Random, rows: int) -> tuple:
    """A feed of Nordwind: its bytes, and (article, name, cents, stock) of its good rows."""
    good, out = [], io.StringIO()
    writer = csv.writer(out, lineterminator=dice.choice(["\n", "\r\n"]))
    columns = ["sku", "name", "price", "stock", "note"]
    dice.shuffle(columns)
    writer.writerow(columns)
    for _ in range(rows):
        sku = f"N-{dice.randrange(40):03d}"
        row = {"sku": sku, "name": dice.choice(NAMES), "price": dice.choice(["0.10", "12.5", "3", "1999.99", "0.005", "0.015"]), "stock": str(dice.randrange(50)), "note": "x,y"}
        fault = dice.choice([None] * 9 + ["price", "stock", "sku", "negative"])
        if fault in ("price", "stock"):
            row[fault] = dice.choice(["", "n/a", "1,5", "1e3", "0x1", "--1", " ", "NaN", "Infinity", "1_0", "+1"])
        if fault == "sku":
            row["sku"] = dice.choice(["", "N-1", "n-001", "N-0001", "S-001", "N-00x", "N-\u0661\u0661\u0661"])
        if fault == "negative":
            row[dice.choice(["price", "stock"])] = "-1"
        writer.writerow([row[column] for column in columns])
        good.append(None if fault else (row["sku"], row["name"].strip(), cents(row["price"]), int(row["stock"])))
    data = out.getvalue().encode()
    return (b"\xef\xbb\xbf" + data if dice.random() < 0.5 else data), good


def south(dice: random.Random, rows: int) -> tuple:
    """A feed of Südstern, likewise: cp1252, semicolons, decimal commas, stock in packs."""
    good, out = [], io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Artikel", "Bezeichnung", "Preis", "Packungen", "Je Packung"])
    for _ in range(rows):
        number, packs, each = dice.randrange(40), dice.randrange(9), dice.choice([1, 10, 12])
        price = dice.choice(["0,10", "1.234,50", "12", "1.000", "7,005", "1.234.567,8"])
        name = dice.choice([name for name in NAMES if name != "two\nlines"])
        row, fault = [str(number), name, price, str(packs), str(each)], dice.choice([None] * 9 + [0, 2, 3, 4])
        if fault is not None:
            row[fault] = {0: ["", "007a", "1000", "-1", "1.5"], 2: ["", "1.5", "1,2,3", "12.34,5", "a", "-1,00", "1.23"], 3: ["", "x", "-2", "1,0"], 4: ["", "0", "ten", "-1"]}[fault][dice.randrange(4)]
        writer.writerow(row)
        value = Decimal(price.replace(".", "").replace(",", "."))
        good.append(None if fault is not None else (f"S-{number:03d}", name.strip(), cents(str(value)), packs * each))
    return out.getvalue().encode("cp1252"), good


def catalogue(good: list) -> dict:
    """Of several rows of an article the last one counts."""
    return {row[0]: list(row[1:]) for row in good if row is not None}
