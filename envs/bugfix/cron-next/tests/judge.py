"""Compares the times with a reference that walks through days and asks each of them."""

import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

DRIVER = "from cron import next_runs as case"
NAMED = [
    ["0 3 * * 7", "2024-05-01T00:00", 3], ["0 3 * * 0", "2024-05-01T00:00", 3], ["0 0 13 * 5", "2024-09-01T00:00", 8],
    ["10/20 * * * *", "2024-01-01T00:10", 4], ["0 12 * * *", "2024-05-01T12:00", 1], ["0 0 31 * *", "2024-01-31T00:00", 5],
    ["0 0 29 2 *", "2024-02-29T00:00", 2], ["0 0 30 2 *", "2024-01-01T00:00", 1], ["59 23 31 12 *", "2023-12-31T23:58", 2],
    ["0 0 */2 * 1", "2024-05-01T00:00", 5], ["0 0 1-31 * 1", "2024-05-01T00:00", 5], ["0 0 1 * */2", "2024-05-01T00:00", 3],
    ["0 0 15 * 5-7", "2024-05-01T00:00", 8], ["0 0 * * 6/1", "2024-05-01T00:00", 4], ["0 0 * * 5/2", "2024-05-01T00:00", 4],
    ["0,30,0 8-10/2 1,15 1/3 *", "2024-02-01T00:00", 12], ["0 0 30 4,6 *", "2024-04-01T00:00", 3], ["0 0 31 1/2 *", "2024-07-01T00:00", 3],
    ["60 0 * * *", "2024-01-01T00:00", 1], ["0 24 * * *", "2024-01-01T00:00", 1], ["0 0 0 * *", "2024-01-01T00:00", 1],
    ["0 0 * 13 *", "2024-01-01T00:00", 1], ["0 0 * * 8", "2024-01-01T00:00", 1], ["5-3 0 * * *", "2024-01-01T00:00", 1],
    ["*/0 0 * * *", "2024-01-01T00:00", 1], [" 0 0 * * *", "2024-01-01T00:00", 1], ["0 0 * *", "2024-01-01T00:00", 1],
    ["a 0 * * *", "2024-01-01T00:00", 1], ["-1 0 * * *", "2024-01-01T00:00", 1], ["1, 0 * * *", "2024-01-01T00:00", 1],
]  # fmt: skip


def values(field: str, low: int, high: int) -> set:
    found = set()
    for item in field.split(","):
        body, slash, step = item.partition("/")
        first, dash, last = (str(low), "-", str(high)) if body == "*" else body.partition("-")
        if not dash:
            last = str(high) if slash else first
        numbers = [first, last, step if slash else "1"]
        if not all(number.isascii() and number.isdigit() for number in numbers):
            raise Refused("ValueError")
        a, b, n = map(int, numbers)
        if a < low or b > high or a > b or n < 1:
            raise Refused("ValueError")
        found |= {value for value in range(a, b + 1) if (value - a) % n == 0}
    return found


def reference(expression: str, after: str, count: int) -> list:
    fields = expression.split(" ")
    if len(fields) != 5:
        raise Refused("ValueError")
    minutes, hours, days, months, weekdays = (
        values(field, *limits) for field, limits in zip(fields, [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)])
    )
    start, found = datetime.fromisoformat(after), []
    for distance in range(8 * 366):
        day = datetime(start.year, start.month, start.day) + timedelta(days=distance)
        sunday_first = (day.toordinal()) % 7
        week = sunday_first in weekdays or (sunday_first == 0 and 7 in weekdays)
        either = fields[2][0] != "*" and fields[4][0] != "*"
        right = (day.day in days or week) if either else (day.day in days and week)
        if day.month in months and right:
            times = [day + timedelta(hours=hour, minutes=minute) for hour in sorted(hours) for minute in sorted(minutes)]
            found += [time for time in times if time > start]
        if len(found) >= count:
            return [time.isoformat()[:16] for time in found[:count]]
    raise Refused("ValueError")


def random_field(dice: random.Random, low: int, high: int, stars: float) -> str:
    if dice.random() < stars:
        return dice.choice(["*", "*", "*/2", "*/7"])
    items = []
    for _ in range(dice.choice([1, 1, 2])):
        a = dice.randint(low, high)
        b = dice.randint(a, high)
        items.append(dice.choice([f"{a}", f"{a}-{b}", f"{a}/{dice.randint(1, 9)}", f"{a}-{b}/{dice.randint(1, 4)}"]))
    return ",".join(items)


def random_cases(amount: int) -> list:
    dice = random.Random(5)
    cases = []
    for _ in range(amount):
        fields = [(0, 59, 0.2), (0, 23, 0.3), (1, 28, 0.5), (1, 12, 0.7), (0, 7, 0.5)]
        expression = " ".join(random_field(dice, *limits) for limits in fields)
        after = datetime(2023, 1, 1) + timedelta(minutes=dice.randrange(3 * 366 * 1440) // 10 * 10)
        cases.append([expression, after.isoformat()[:16], dice.randrange(1, 12)])
    return cases


judge({"next_runs": lambda: agree(DRIVER, NAMED + random_cases(150), reference)})
