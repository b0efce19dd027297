"""Compares answers.json with the right answers, which the test suite of claudebox_rl computes from the export anew."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import content, expect, judge, parsed

ANSWERS = {
    "paid_orders": 163,
    "revenue_eur": 15876.63,
    "best_customer": "Elin Jansen",
    "median_order_eur": 68.44,
}


def answer(key: str) -> None:
    answers = parsed(content("answers.json"))
    expect(isinstance(answers, dict), "answers.json holds no JSON object")
    expect(key in answers, f"{key} is missing")
    found, wanted = answers[key], ANSWERS[key]
    if isinstance(wanted, str):
        expect(found == wanted, f"{key} is not {found!r}")
    else:
        expect(type(found) in (int, float), f"{key} must be a number, not {found!r}")
        tolerance = 0.0101 if key.endswith("_eur") else 0
        expect(wanted - tolerance <= found <= wanted + tolerance, f"{key} is not {found!r}")


judge({key: lambda key=key: answer(key) for key in ANSWERS}, partial=True)
