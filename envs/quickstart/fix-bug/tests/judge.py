"""Compares `free_slots` with a minute-by-minute reference."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, same

NAMED = [
    [[], 540, 1020],
    [[[540, 720], [570, 600]], 540, 1020],
    [[[570, 600], [540, 720]], 540, 1020],
    [[[480, 500], [600, 660]], 540, 1020],
    [[[480, 1100]], 540, 1020],
    [[[1000, 1100], [1200, 1300]], 540, 1020],
    [[[1030, 1100]], 540, 1020, 15],
    [[[0, 540], [1020, 1440]], 540, 1020],
    [[[600, 660], [660, 720], [600, 660]], 540, 1020, 1],
    [[[540, 1019]], 540, 1020, 2],
]


def reference(bookings: list, opens: int, closes: int, shortest: int = 1) -> list:
    taken = {minute for start, end in bookings for minute in range(start, end)}
    slots, start = [], None
    for minute in range(opens, closes + 1):
        free = minute < closes and minute not in taken
        if free and start is None:
            start = minute
        if not free and start is not None:
            if minute - start >= shortest:
                slots.append([start, minute])
            start = None
    return slots


def random_cases(amount: int) -> list:
    dice = random.Random(20240310)
    cases = []
    for _ in range(amount):
        opens = dice.randrange(0, 700, 5)
        closes = opens + dice.randrange(5, 700, 5)
        bookings = []
        for _ in range(dice.randrange(9)):
            start = dice.randrange(max(0, opens - 120), closes + 120, 5)
            bookings.append([start, start + dice.choice([5, 15, 30, 60, 120, 400])])
        cases.append([bookings, opens, closes, dice.choice([1, 10, 30])])
    return cases


def free_slots() -> None:
    cases = NAMED + random_cases(400)
    for case, answer in zip(cases, call("freetime", "free_slots", cases)):
        wanted = reference(*case)
        expect(same(answer.get("value"), wanted), f"free_slots{tuple(case)}: wanted {wanted}, got {answer}")
        expect(answer.get("arguments") == case, f"free_slots changed its bookings: {case[0]}")


judge({"free_slots": free_slots})
