"""Compares decisions with buckets of exact fractions, and waits as long as a refusal says."""

import random
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, call, judge

DRIVER = '''
from limiter.gate import Gate
from limiter.plan import Plan


def case(plans, default, calls):
    gate = Gate({name: Plan(*plan) for name, plan in plans.items()}, Plan(*default))
    return [gate.call(*call) for call in calls]
'''


def reference(plans: dict, default: list, calls: list) -> list:
    held: dict = {}
    seen: dict = {}
    answers = []
    for caller, now, cost in calls:
        burst, amount, period = plans.get(caller, default)
        rate = Fraction(amount, period)
        latest = max(seen.get(caller, now), now)
        tokens = min(held.get(caller, Fraction(burst)) + rate * (latest - seen.get(caller, now)), Fraction(burst))
        seen[caller] = latest
        if cost <= tokens:
            held[caller] = tokens - cost
            answers.append({"allowed": True})
            continue
        held[caller] = tokens
        wait = None
        if cost <= burst:
            exact = (cost - tokens) / rate + latest - now
            wait = int(exact) + (exact > int(exact))
        answers.append({"allowed": False, "retry_after_ms": wait})
    return answers


def random_cases(amount: int) -> list:
    dice = random.Random(20)
    cases = []
    for _ in range(amount):
        plan = lambda: [dice.choice([1, 2, 5, 20]), dice.choice([1, 3, 7, 100]), dice.choice([1, 10, 1000, 60000])]
        plans = {name: plan() for name in "ab" if dice.random() < 0.6}
        if len(plans) == 2 and dice.random() < 0.5:
            plans["b"] = plans["a"]
        now, calls = dice.randrange(10**6), []
        for _ in range(dice.randrange(1, 40)):
            now += dice.choice([0, 0, 1, 7, 100, 333, 1000, 10**5])
            if dice.random() < 0.08:
                now -= dice.choice([1, 50, 5000])
            calls.append([dice.choice("aabcd"), max(0, now), dice.choice([1, 1, 1, 2, 0, 3, 21])])
        cases.append([plans, plan(), calls])
    return cases


NAMED = [
    [{}, [1, 1, 1000], [["x", now, 1] for now in range(0, 5000, 100)]],
    [{}, [20, 1, 1000], [["x", 0, 1]] + [["x", 30_000_000, 1]] * 25],
    [{}, [1, 1, 1000], [["x", 0, 1], ["y", 0, 1], ["x", 1, 1]]],
    [{}, [1, 3, 1000], [["x", 0, 1], ["x", 0, 1], ["x", 333, 1], ["x", 334, 1]]],
    [{}, [1, 1, 10], [["x", 5000, 1], ["x", 1000, 1], ["x", 5009, 1], ["x", 5010, 1]]],
    [{}, [2, 1, 10], [["x", 0, 3], ["x", 0, 2], ["x", 0, 0]]],
]


judge({"calls": lambda: agree(DRIVER, NAMED + random_cases(400), reference)})
