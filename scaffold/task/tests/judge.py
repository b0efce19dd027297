"""Compares `slug` with a reference that is written in another way than the solution.

Judged code never runs in this process: `agree`, `call` and `run` of judging.py start others, with a deadline. What the
workspace holds besides is not looked at, so tests that the agent edits change nothing.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

# What the instruction says, case by case; none is in the workspace.
NAMED = ["", "-", "page", "A", "a--b", "--a", "a--", "Grüße", "1,000 Things", "x_y", "tab\there", "line\nbreak", "ÀB"]


def reference(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower())
    return "-".join(kept.split()) or "page"


def random_texts(amount: int) -> list[str]:
    # Seeded, so that the same work is judged alike each time; many, so that none of them can be guessed.
    dice = random.Random(20240501)
    return ["".join(dice.choices("abXYZ019 -_,.!ÄßЖ\t", k=dice.randrange(12))) for _ in range(amount)]


def slugs() -> None:
    agree("from slugs import slug as case", [[text] for text in NAMED + random_texts(300)], reference)


judge({"slugs": slugs})  # several parts, and partial=True, pay for a part of the work
