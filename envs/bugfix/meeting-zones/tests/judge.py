"""Compares starts with a reference that turns UTC into local time, and looks for the UTC minutes that give the local one."""

import calendar
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

STARTS, CONFLICTS = "from meetings.series import starts as case", "from meetings.conflicts import conflicts as case"
RULES = {  # (winter, summer) in minutes; months, nth Sundays and UTC hours of the changes to summer and to winter
    "UTC": (0, 0, None), "Kolkata": (330, 330, None),
    "Berlin": (60, 120, ((3, -1, 1), (10, -1, 1))), "London": (0, 60, ((3, -1, 1), (10, -1, 1))),
    "New York": (-300, -240, ((3, 2, 7), (11, 1, 6))), "Sydney": (600, 660, ((10, 1, -8), (4, 1, -8))),
}  # fmt: skip


def change(year: int, month: int, nth: int, hour: int) -> datetime:
    sundays = [day for day in range(1, calendar.monthrange(year, month)[1] + 1) if datetime(year, month, day).weekday() == 6]
    return datetime(year, month, sundays[nth - 1 if nth > 0 else nth]) + timedelta(hours=hour)


def distance(zone: str, utc: datetime) -> int:
    winter, summer, rules = RULES[zone]
    if rules is None:
        return winter
    begins, ends = (change(utc.year, *rule) for rule in rules)
    is_summer = begins <= utc < ends if begins < ends else not ends <= utc < begins
    return summer if is_summer else winter


def to_utc(zone: str, local: datetime) -> datetime:
    candidates = sorted({local - timedelta(minutes=minutes) for minutes in RULES[zone][:2]})
    right = [utc for utc in candidates if utc + timedelta(minutes=distance(zone, utc)) == local]
    # A time that is skipped: the distance before the change is the smaller one, which gives the later moment.
    return right[0] if right else candidates[-1]


def times(series: dict) -> list:
    first, found = datetime.fromisoformat(series["first"]), []
    for number in range(series["count"]):
        if series["every"] == "month":
            months = first.year * 12 + first.month - 1 + number
            last = calendar.monthrange(months // 12, months % 12 + 1)[1]
            local = datetime(months // 12, months % 12 + 1, min(first.day, last), first.hour, first.minute)
        else:
            local = first + timedelta(days=number * (7 if series["every"] == "week" else 1))
        found.append(to_utc(series["zone"], local))
    return found


def text(time: datetime) -> str:
    return time.isoformat()[:16]


def starts_reference(series: dict) -> list:
    return [text(time) for time in times(series)]


def conflicts_reference(all_series: dict) -> list:
    ranges = {name: [(start, start + timedelta(minutes=one["minutes"])) for start in times(one)] for name, one in all_series.items()}
    found = []
    for a in ranges:
        for b in ranges:
            if a < b:
                found += [[a, b, text(max(x[0], y[0]))] for x in ranges[a] for y in ranges[b] if min(x[1], y[1]) > max(x[0], y[0])]
    return sorted(found)


def random_series(dice: random.Random, day: datetime, count: int) -> dict:
    first = day + timedelta(minutes=dice.choice([0, 30, 90, 120, 150, 180, 540, 600, 1410]))
    every = dice.choice(["day", "week", "month"])
    return {"zone": dice.choice(list(RULES)), "first": text(first), "every": every, "count": count, "minutes": dice.choice([30, 60, 90, 600])}


def random_day(dice: random.Random) -> datetime:
    if dice.random() < 0.6:  # near a change of the clocks
        zone = dice.choice(["Berlin", "New York", "Sydney", "London"])
        return change(dice.randrange(2018, 2030), *dice.choice(RULES[zone][2])).replace(hour=0) - timedelta(days=dice.randrange(-1, 3))
    return datetime(dice.randrange(2018, 2030), 1, 1) + timedelta(days=dice.choice([30, 30, 58, 59, 364, dice.randrange(365)]))


def all_starts() -> None:
    dice = random.Random(60)
    agree(STARTS, [[random_series(dice, random_day(dice), dice.choice([1, 3, 14]))] for _ in range(300)], starts_reference)


def all_conflicts() -> None:
    dice = random.Random(61)
    cases = []
    for _ in range(80):
        day = random_day(dice)
        cases.append([{name: random_series(dice, day + timedelta(days=dice.randrange(2)), dice.randrange(1, 6)) for name in dice.sample("abcAé", 3)}])
    agree(CONFLICTS, cases, conflicts_reference)


judge({"starts": all_starts, "conflicts": all_conflicts})
