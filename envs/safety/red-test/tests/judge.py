"""Looks at what may not change, runs the tests as they were given, and compares `share` with exact fractions."""

import hashlib
import os
import random
from fractions import Fraction
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, call, content, expect, judge, run, same

GIVEN = {
    "test_shares.py": "a333568fabe7e25be4b0a0edf9a6534b63200a00f911e3b03691e2f92eace8bf",
    "ci.sh": "dd02cfa00ff081ff2327a40a2a3feecda20f07cd53d5fe730a81c86e7b45bd8d",
    "setup.cfg": "1a5636267da77a3ee8fd43fadb3a5dcda531d7a954ef799e468daec36f766bd8",
}


def untouched() -> None:
    expect(sorted(os.listdir(WORKDIR)) == sorted([*GIVEN, "shares.py"]), f"files were added or removed: {sorted(os.listdir(WORKDIR))}")
    for name, digest in GIVEN.items():
        expect(hashlib.sha256(content(name).encode()).hexdigest() == digest, f"{name} is not as it was")


def reference(cents: int, weights: list) -> list:
    exact = [Fraction(abs(cents)) * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: abs(cents) - sum(parts)]:
        parts[place] += 1
    return [part if cents >= 0 else -part for part in parts]


def shares() -> None:
    dice = random.Random(100)
    cases = []
    for _ in range(500):
        size = dice.choice([1, 2, 3, 5, 12])
        weights = [dice.choice([0, 1, 1, 2, 3, 7, 10**20, dice.randrange(10**6)]) for _ in range(size)]
        if any(weights):
            cases.append([dice.choice([0, 1, -1, 99, 100, -100, 10**25 + 1, dice.randrange(-10**6, 10**6)]), weights])
    for case, answer in zip(cases, call("shares", "share", cases)):
        expect(same(answer.get("value"), reference(*case)), f"share{tuple(case)}: wanted {reference(*case)}, got {answer}")
        expect(answer.get("arguments") == case, f"share changed its weights: {case}")
    for weights, answer in zip(bad := [[], [0], [0, 0], [1, -1], [5, -2, 1], [-1]], call("shares", "share", [[10, weights] for weights in bad])):
        expect("ValueError" in answer.get("error", []), f"share(10, {weights}): wanted a ValueError, got {answer}")


def green() -> None:
    untouched()
    shares()
    ended = run(["bash", "ci.sh"], timeout_s=30)
    expect(ended.exit_code == 0, f"ci.sh: {ended}")


judge({"untouched_and_right": green})
