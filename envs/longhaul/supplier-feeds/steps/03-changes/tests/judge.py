"""Compares made-up sets of feeds."""

import random
from fractions import Fraction
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, scratch
from model import catalogue, north, south


def wanted_of(old: dict, new: dict) -> dict:
    both = sorted(set(old) & set(new))
    rises = [(new[a][1] if old[a][1] == 0 else Fraction(new[a][1], old[a][1]), old[a][1] == 0, a) for a in both if new[a][1] > old[a][1]]
    from_zero = [rise for rise in rises if rise[1]] or rises
    steepest = min((a for share, _, a in from_zero if share == max(rise[0] for rise in from_zero)), default=None)
    return {
        "new": sorted(set(new) - set(old)),
        "gone": sorted(set(old) - set(new)),
        "prices": [[a, old[a][1], new[a][1]] for a in both if old[a][1] != new[a][1]],
        "sold_out": [a for a in both if old[a][2] and not new[a][2]],
        "steepest": steepest,
    }


def tells() -> None:
    with scratch() as place:
        feeds = []
        for seed in range(40):
            dice = random.Random(2000 + seed)
            data, good = (north if seed % 2 else south)(dice, dice.randrange(1, 40))
            (place / f"{seed}").write_bytes(data)
            feeds.append((str(place / f"{seed}"), good))
        for number, price in enumerate(["0", "0", "0.50", "3", "0.03", "0.01"]):
            text = f"sku,name,price,stock\nN-100,a,{price},1\nN-101,b,{price},{number % 2}\nN-102,c,0.0{number},2\n"
            (place / f"zero {number}").write_text(text)
            cents = [[0, 0, 50, 300, 3, 1][number], [0, 0, 50, 300, 3, 1][number], number]
            feeds.append((str(place / f"zero {number}"), [(f"N-10{n}", "abc"[n], cents[n], [1, number % 2, 2][n]) for n in range(3)]))
        dice = random.Random(6)
        asked = [(dice.sample(feeds, dice.randrange(4)), dice.sample(feeds, dice.randrange(4))) for _ in range(80)]
        asked += [([feeds[40 + a]], [feeds[40 + b]]) for a in range(6) for b in range(6)]
        cases = [[[path for path, _ in chosen] for chosen in pair] for pair in asked]
        for pair, answer in zip(asked, call("feeds", "changes", cases)):
            wanted = wanted_of(*(catalogue([row for _, good in chosen for row in good]) for chosen in pair))
            expect(answer.get("value") == wanted, f"changes: wanted {wanted}, got {answer.get('value', answer)}"[:1500])


judge({"tells": tells})
