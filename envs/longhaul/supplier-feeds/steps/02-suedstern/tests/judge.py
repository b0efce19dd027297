"""Loads and merges made-up feeds of both suppliers."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, scratch
from model import catalogue, north, south


def refused(good: list) -> list:
    return [number for number, row in enumerate(good, 1) if row is None]


def both() -> None:
    with scratch() as place:
        feeds = []
        for seed in range(60):
            dice = random.Random(1000 + seed)
            data, good = (north if seed % 2 else south)(dice, dice.randrange(40))
            (place / f"{seed}").write_bytes(data)
            feeds.append((str(place / f"{seed}"), good))
        for (path, good), answer in zip(feeds, call("feeds", "load", [[path] for path, _ in feeds])):
            wanted = {"articles": catalogue(good), "refused": refused(good)}
            expect(answer.get("value") == wanted, f"load of feed {path}: wanted {wanted}, got {answer.get('value', answer)}"[:1500])
        dice = random.Random(5)
        sets = [[], *(dice.sample(feeds, dice.randrange(1, 6)) for _ in range(40))]
        for chosen, answer in zip(sets, call("feeds", "merge", [[[path for path, _ in chosen]] for chosen in sets])):
            wanted = {"articles": catalogue([row for _, good in chosen for row in good]), "refused": [refused(good) for _, good in chosen]}
            expect(answer.get("value") == wanted, f"merge of {len(chosen)} feeds: wanted {wanted}, got {answer.get('value', answer)}"[:1500])


judge({"both": both})
