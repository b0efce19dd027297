"""Timesheets and what they come to, minute by minute. Shared by the judges of all steps."""

import random
import re
from datetime import date, timedelta

NAMES = ["ada", "bo", "Cy", "christopher", "d'arcy", "é", "zoe"]


def clock(text: str):
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{1,2})", text)
    return int(match[1]) * 60 + int(match[2]) if match and int(match[1]) < 24 and int(match[2]) < 60 else None


def read(line: str, level: int):
    """Day, name and minutes; None for a bad line."""
    parts = line.split()
    if len(parts) < 4 or (level == 1 and len(parts) > 4):
        return None
    day, name, start, end = parts[0], parts[1], clock(parts[2]), clock(parts[3])
    if start is None or end is None:
        return None
    if level == 1:
        return (day, name, end - start) if end > start else None
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        return None
    try:
        date.fromisoformat(day)
    except ValueError:
        return None
    # Each minute of the shift, once; a pause takes its minutes away.
    length = (end - start) % 1440
    left = set(range(length))
    for pause in parts[4:]:
        match = re.fullmatch(r"-([^-]+)-([^-]+)", pause)
        if match is None:
            return None
        first, last = clock(match[1]), clock(match[2])
        if first is None or last is None or first == last:
            return None
        taken = [((first - start) % 1440) + minute for minute in range((last - first) % 1440)]
        if not set(taken) <= left:
            return None
        left -= set(taken)
    return (day, name, len(left)) if left else None


def lines(text: str) -> list:
    return [line for line in (part.split("#")[0].strip() for part in text.split("\n")) if line]


def report(text: str, level: int) -> str:
    totals, bad = {}, []
    for line in lines(text):
        row = read(line, level)
        if row is None:
            bad.append(line)
        else:
            totals[row[1]] = totals.get(row[1], 0) + row[2]
    order = sorted(sorted(totals), key=lambda name: totals[name], reverse=True)
    rows = [(name, totals[name]) for name in order] + [("total", sum(totals.values()))]
    text = "\n".join(name.ljust(10) + " " + str(worked // 60).rjust(3) + ":" + str(worked % 60).zfill(2) for name, worked in rows)
    return text + ("\nbad: " + "; ".join(bad) if bad else "")


def weeks(text: str) -> list:
    days: dict = {}
    for line in lines(text):
        row = read(line, 3)
        if row:
            days[row[1], row[0]] = days.get((row[1], row[0]), 0) + row[2]
    found: dict = {}
    for (name, day), worked in days.items():
        moment = date.fromisoformat(day)
        thursday = moment - timedelta(moment.weekday() - 3)
        week = f"{thursday.year}-W{(thursday - date(thursday.year, 1, 1)).days // 7 + 1:02d}"
        paid, over = found.get((week, name), (0, 0))
        found[week, name] = (paid + quarter(worked), over + quarter(max(0, worked - 480)))
    return [[week, name, paid, max(over, paid - 2400)] for (week, name), (paid, over) in sorted(found.items())]


def quarter(worked: int) -> int:
    whole, rest = divmod(worked, 15)
    return 15 * (whole + (rest * 2 > 15))


def sheet(dice: random.Random, level: int) -> str:
    rows = []
    start = date(dice.choice([2020, 2024, 2025]), 12, 20)
    for _ in range(dice.choice([0, 1, 5, 40, 150])):
        day = (start + timedelta(dice.randrange(30))).isoformat()
        first, length = dice.randrange(1440), dice.choice([0, 1, 7, 8, 30, 240, 487, 488, 495, 600, 1439])
        if level == 1:
            length = min(length, 1439 - first)
        name = dice.choice(NAMES)
        row = [day, name, stamp(first, dice), stamp(first + length, dice)]
        if level >= 2:
            for _ in range(dice.choice([0, 0, 1, 2])):
                a, b = dice.randrange(length + 1), dice.randrange(1, 60)
                row.append(f"-{stamp(first + a, dice)}-{stamp(first + a + b, dice)}")
        if dice.random() < 0.12:
            place = dice.randrange(len(row))
            row[place] = dice.choice(["", "25:00", "12:60", "12", "x", "1:2:3", "-1:00", "12:5", "2024-13-01", "2024-1-1", "20241231", "2025-02-29", "-12:00", "-12:00-", "+1:00", "١:٠٠"])
        gap = dice.choice([" ", "  ", "\t"])
        rows.append(gap.join(row) + dice.choice(["", "", " # note", "#x"]))
    rows += dice.choice([[], ["", "# a comment", "   "]])
    return "\n".join(rows) + dice.choice(["", "\n"])


def stamp(minute: int, dice: random.Random) -> str:
    hour, minute = divmod(minute % 1440, 60)
    return dice.choice([f"{hour:02}:{minute:02}", f"{hour}:{minute:02}"])
