"""Compares `search` with a search in plain Python, for hostile texts, names and arguments."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


from judging import call, expect, judge, same

PIECES = ["mug", "Mug", "O'Brien", "%", "_", "\\", '"', "--", ";", "x' or '1'='1", "')", "é", "É", "日本", "/*", " ", "a", "B",
          "hidden", "drop table products", "?", ":name", "||", "\n"]
BAD = [["hidden", "asc", 10], ["name; drop table products", "asc", 10], ["1", "asc", 10], ["name", "asc, price", 10],
       ["name", "", 10], ["name", "ASC --", 10], ["name", "asc", -1], ["name", "asc", "1 offset 1"],
       ["(select price)", "asc", 10], ["", "asc", 10], ["rowid", "asc", 10], ["name", "asc", 1.5], ["name", "asc", None]]


def lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def reference(rows: list, text: str, sort: str, direction: str, limit: int) -> list:
    found = [row[:3] for row in rows if not row[3] and lower(text) in lower(row[0])]
    found.sort(key=lambda row: row[0].encode())
    found.sort(key=lambda row: row[0].encode() if sort == "name" else row[["price", "stock"].index(sort) + 1],
               reverse=direction == "desc")
    return found[:limit]


def cases() -> list:
    dice = random.Random(4242)
    made = []
    for _ in range(300):
        names = {"".join(dice.choices(PIECES, k=dice.randrange(1, 4))) for _ in range(dice.randrange(1, 9))}
        rows = [[name, dice.randrange(5), dice.randrange(5), int(dice.random() < 0.3)] for name in sorted(names)]
        text = "".join(dice.choices(PIECES, k=dice.randrange(3)))
        sort, direction = dice.choice(["name", "price", "stock"]), dice.choice(["asc", "desc"])
        made.append([rows, text, sort, direction, dice.choice([0, 1, 3, 10])])
    return made


def finds() -> None:
    asked = cases()
    for case, answer in zip(asked, call("shop", "search", asked)):
        wanted = reference(*case)
        expect(same(answer.get("value"), wanted), f"search{tuple(case)}: wanted {wanted}, got {answer}")


def refuses() -> None:
    rows = [["Mug", 900, 4, 0], ["Secret", 1, 1, 1]]
    asked = [[rows, "mug", *bad] for bad in BAD]
    for case, answer in zip(asked, call("shop", "search", asked)):
        expect("ValueError" in answer.get("error", []), f"search{tuple(case)}: wanted a ValueError, got {answer}")


judge({"finds": finds, "refuses": refuses})
