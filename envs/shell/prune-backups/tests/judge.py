"""Runs prune.sh on made-up backups and compares what is left with a model of the rules."""

from datetime import date, timedelta
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import judge, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, link, plant, script

OTHERS = ["db-2023-02-29.tar.gz", "db-2024-1-5.tar.gz", "db-2024-13-01.tar.gz", "db-2024-01-05.tar.gz.part", "xdb-2024-01-05.tar.gz",
          "db-2024-00-10.tar.gz", "db-2024-04-31.tar.gz", "db-2024-01-05.tar", "db- 024-01-05.tar.gz", "db-2024-01-05.tar.gz\n"]


def kept(days: list) -> set:
    """Return the days to keep."""
    newest = sorted(days, reverse=True)
    keep = set(newest[:7])
    for key, most in ((lambda day: day.isocalendar()[:2], 4), (lambda day: (day.year, day.month), 6), (lambda day: day.year, 999)):
        groups: dict = {}
        for day in newest:
            groups.setdefault(key(day), day)
        keep |= set(list(groups.values())[:most])
    return keep


def days_of(dice: random.Random, turn: int) -> list:
    """Make up days; some turns have gaps, some few, one none."""
    last = date(2025, 1, 1) + timedelta([3, 0, -2, 60, 500, -1, 0][turn])
    if turn == 6:
        return []
    density, span = [(1.0, 90), (0.2, 500), (0.06, 900), (0.9, 25), (0.1, 1200), (1.0, 60)][turn]
    return [last - timedelta(i) for i in range(span) if i == 0 or dice.random() < density]


def prunes() -> None:
    dice = random.Random(71)
    for turn in range(7):
        days = days_of(dice, turn)
        keep = kept(days)
        other = {name: file("other") for name in [*OTHERS, *NAMES]}
        other |= {"db-2024-03-03.tar.gz": link("gone"), "db-2024-03-04.tar.gz": folder(), "sub/db-2019-01-01.tar.gz": file("deep")}
        # Of one year, long ago: who takes links for backups deletes the older one.
        other |= {f"db-2018-05-0{day}.tar.gz": link("db-2024-1-5.tar.gz") for day in (5, 6)}
        days = [day for day in days if f"db-{day}.tar.gz" not in other]
        keep = kept(days)
        with scratch() as place:
            root = plant(place / "back ups", {**other, **{f"db-{day}.tar.gz": file() for day in days}})
            gone = [f"db-{day}.tar.gz" for day in sorted(set(days) - keep)]
            wanted = {name: entry for name, entry in grown(root).items() if name not in gone}
            ended = script("prune.sh", root if turn % 2 else "back ups", cwd=place, timeout_s=40)
            expect_end(f"backups {turn}", ended, 0, "".join(f"{name}\n" for name in gone))
            expect_tree(f"backups {turn}", grown(root), wanted)


def refuses() -> None:
    with scratch() as place:
        expect_end("a missing folder", script("prune.sh", "nothing", cwd=place), 1)


judge({"prunes": prunes, "refuses": refuses})
