"""Runs answer.py on made-up stock lists, whose sums are known before each branch writes its own in its own way."""

import csv
import io
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
NAMES = ["Crème brûlée", "Käse, jung", "Café \u201ePrimo\u201c", "Tee; lose", "Saft", "Smørrebrød 2 Stück", "Œufs", "Brot €"]
FORMATS = [("utf-8", ","), ("cp1252", ";"), ("utf-16", "\t"), ("utf-8", "|"), ("cp1252", ","), ("latin-1", ";")]


def typed(ean: str, dice: random.Random) -> str:
    """Write an EAN as some branch does."""
    kind = dice.randrange(5)
    if kind == 1:
        return ean.lstrip("0")
    if kind > 1:
        ean = (" " if kind == 2 else "-").join([ean[0], ean[1:7], ean[7:]])
    return ean + " " * (kind == 4)


def loose(name: str, dice: random.Random) -> str:
    """Change the white space of a name."""
    return dice.choice([name, name, f" {name}", name.replace(" ", "  "), name.replace(" ", "\n"), f"{name}\t"])


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    eans = [str(dice.randrange(10**dice.choice([9, 11, 13]))).zfill(13) for _ in range(14)]
    units, names, files, branches = {}, {}, {}, []
    for i, (encoding, delimiter) in enumerate(FORMATS):
        rows = []
        for ean in dice.choices(eans, k=15):
            usual = NAMES[eans.index(ean) % len(NAMES)]
            name = dice.choice([usual, usual, usual, "Brot \"alt\""])
            if encoding == "latin-1":
                name = name.translate({0x201E: '"', 0x201C: '"', 0x152: "OE", 0x20AC: "EUR"})
            count = dice.randrange(400)
            units[ean] = units.get(ean, 0) + count
            names.setdefault(ean, set()).add(name)
            rows.append({"ean": typed(ean, dice), "name": loose(name, dice), "units": count})
        text = io.StringIO()
        writer = csv.DictWriter(text, dice.sample(["ean", "name", "units"], 3), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        name = f"stock {i}.csv" if i % 2 else f"{i}_stock.txt"
        mark = "\ufeff" if encoding == "utf-8" and (i == 0) == (seed % 2 == 0) else ""
        files[name] = (mark + text.getvalue()).encode(encoding)
        branches.append({"branch": f"Branch {i}", "file": name, "encoding": encoding, "delimiter": delimiter})
    missing = [f"Nürnberg {dice.randrange(99)}", "Zoo"]
    branches += [{"branch": one, "file": f"{one}.csv", "encoding": "utf-8", "delimiter": ","} for one in missing]
    dice.shuffle(branches)
    files["stock old.csv"] = b"ean,name,units\n4006381333931,Old,5\n"
    files["manifest.json"] = json.dumps({"branches": branches}, ensure_ascii=False, indent=1).encode()
    several = {ean: sorted(found) for ean, found in names.items() if len(found) > 1}
    return files, {"units": units, "names": several, "missing_branches": sorted(missing)}


def answers() -> None:
    for seed in range(1, 6):
        ask(f"stock lists {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
