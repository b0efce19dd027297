"""Loads made-up feeds of Nordwind."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, scratch
from model import catalogue, north


def loads() -> None:
    with scratch() as place:
        wanted = []
        for seed in range(60):
            data, good = north(random.Random(seed), seed)
            (place / f"{seed}").write_bytes(data)
            wanted.append({"articles": catalogue(good), "refused": [number for number, row in enumerate(good, 1) if row is None]})
        for seed, answer in enumerate(call("feeds", "load", [[str(place / f"{seed}")] for seed in range(60)])):
            expect(answer.get("value") == wanted[seed], f"load of feed {seed}: wanted {wanted[seed]}, got {answer.get('value', answer)}"[:1500])


judge({"loads": loads})
