"""Runs many programs, random ones too, and compares what they print with the judge's own interpreter."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge
from reference import LEVEL_3 as NAMED, run, programs

CASES = [*NAMED, *programs(3, 400, random.Random(3))]


def prints() -> None:
    for source, answer in zip(CASES, call("lang", "run", [[source] for source in CASES], timeout_s=30)):
        wanted = run(source, 3)
        expect(answer.get("value") == wanted, f"run({source!r}): wanted {wanted}, got {answer.get('value', answer)}"[:1500])


judge({"prints": prints})
