"""Looks at the page in a real browser with made-up goods; the order is worked out in Python."""

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from browsing import browse
from judging import content, expect, judge

HOSTILE = [
    "<img src=mark onerror=\"fetch('mark')\">",
    "<script>fetch('mark')</script>",
    "<svg onload=\"fetch('mark')\">",
    "</td></tr></table><h2>gone",
    "&lt;b&gt; &amp; &copy;",
    "'\"` ${fetch('mark')}",
    "  two  blanks ",
    "__proto__",
]
WORDS = ["lamp", "Lamp", "desk", "Chair", "Öse", "öl", "zebra", "Anchor", "10", "9", "x-ray"]
URLS = [
    None, "https://shop.example/a?b=1&c=\"2\"", "HTTP://shop.example", "http://shop.example/<b>", "javascript:fetch('mark')",
    "JavaScript:fetch('mark')", " https://shop.example", "//shop.example", "data:text/html,<script>1</script>", "httpsx://a", "see https://a", "",
]
ROWS = """$$("#goods tbody tr").map(row => [...row.children].map(cell => {
  const links = [...cell.querySelectorAll("*")];
  return links.length ? links.map(link => [link.localName, link.getAttribute("href"), link.rel, link.textContent]) : cell.textContent}))"""
SORTS = '$$("#goods thead th").map(header => [header.scope, header.textContent.trim(), header.getAttribute("aria-sort")])'
COLUMNS = ["Name", "Price", "Added", "Link"]
MESSAGE = "The goods can't be shown."


def goods(dice: random.Random, number: int) -> list:
    names = [*HOSTILE, *(f"{dice.choice(WORDS)} {dice.choice(WORDS)}" for _ in range(number))]
    dice.shuffle(names)
    return [
        {
            "name": name,
            "cents": dice.choice([None, dice.choice([0, 5, -5, 99, 100, 123450]), dice.randrange(-2000, 200_000_000)]),
            "added": f"202{dice.randrange(3, 5)}-0{dice.randrange(1, 4)}-1{dice.randrange(3)}",
            "url": dice.choice(URLS),
        }
        for name in names
    ]


def cells(entry: dict) -> list:
    cents, url = entry["cents"], entry["url"]
    price = "-" if cents is None else f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02}"
    is_link = url is not None and url.lower().startswith(("http://", "https://"))
    return [entry["name"], price, entry["added"], [["a", url, "noopener", "open"]] if is_link else url or ""]


def ordered(entries: list, column: int | None, descending: bool) -> list:
    if column is None:
        return entries
    key = [lambda entry: entry["name"].lower(), lambda entry: entry["cents"], lambda entry: entry["added"]][column]
    there, missing = [each for each in entries if key(each) is not None], [each for each in entries if key(each) is None]
    groups: dict = {}
    for entry in there:
        groups.setdefault(key(entry), []).append(entry)
    return [entry for value in sorted(groups, reverse=descending) for entry in groups[value]] + missing


def looks(entries: list, typed: str, column: int | None, descending: bool) -> list:
    shown = [entry for entry in entries if typed.strip().lower() in entry["name"].lower()]
    direction = "descending" if descending else "ascending"
    sorts = [["col", name, direction if number == column else None] for number, name in enumerate(COLUMNS)]
    return [
        ("read", '$("#shown").textContent.trim()', f"{len(shown)} of {len(entries)}"),
        ("read", ROWS, [cells(entry) for entry in ordered(shown, column, descending)]),
        ("read", SORTS, sorts),
        ("read", '($("#problem")?.textContent ?? "").trim()', ""),
    ]


def sorts() -> None:
    page = content("index.html").encode()
    for seed, number in enumerate([30, 0, 12]):
        dice = random.Random(seed)
        entries = goods(dice, number) if seed != 1 else []
        column, descending, typed = None, False, ""
        steps = [("go", "index.html"), *looks(entries, typed, column, descending)]
        for _ in range(16):
            if dice.random() < 0.7:
                chosen = dice.choice([0, 1, 2, column or 0])
                descending, column = chosen == column and not descending, chosen
                steps.append(("click", f'$$("#goods thead th")[{chosen}].querySelector("button")'))
            else:
                typed = dice.choice(["", " LAMP ", "e", "ö", "<", "zz", "  two", "*"])
                steps.append(("fill", '$("#filter")', typed))
            steps += looks(entries, typed, column, descending)
        files = {"index.html": page, "data.json": json.dumps(entries, ensure_ascii=seed == 0).encode()}
        requests = browse(f"goods {seed}", files, steps)
        others = [request for request in requests if request[1] not in ("index.html", "data.json", "favicon.ico")]
        expect(not others, f"goods {seed}: the page asked for {others[:3]}")


def problems() -> None:
    page = content("index.html").encode()
    steps = [
        ("go", "index.html"),
        ("read", '$("#problem").textContent.trim()', MESSAGE),
        ("read", '$("#problem").getAttribute("role")', "alert"),
        ("read", '$$("#goods tbody tr").length', 0),
    ]
    for number, data in enumerate([None, b"[{", b'{"name": "x"}', b"null"]):
        browse(f"problem {number}", {"index.html": page, **({} if data is None else {"data.json": data})}, steps)


if __name__ == "__main__":
    judge({"sorts": sorts, "problems": problems})
