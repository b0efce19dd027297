#!/bin/bash
set -euo pipefail
cat > timesheet.py <<'PYTHON'
"""Working times: python3 timesheet.py FILE."""

import re
import sys
from datetime import date
from pathlib import Path

TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2})", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def minutes(text: str) -> int:
    """Return the minutes since midnight.

    Raises:
        ValueError: It is no time of a day.
    """
    time = TIME.fullmatch(text)
    if time is None or int(time[1]) > 23 or int(time[2]) > 59:
        raise ValueError(f"no time: {text}")
    return int(time[1]) * 60 + int(time[2])


def parse(line: str) -> tuple:
    """Return day, name and minutes worked.

    Raises:
        ValueError: The line is bad.
    """
    day, name, start, end, *pauses = line.split()
    date.fromisoformat(day)
    if not DAY.fullmatch(day):
        raise ValueError(f"no day: {day}")
    begin = minutes(start)
    worked = minutes(end) - begin
    worked += 24 * 60 if worked < 0 else 0
    return day, name, worked - paused(pauses, begin, worked)


def paused(pauses: list, begin: int, worked: int) -> int:
    """Return the minutes of the pauses, which lie within the work and do not overlap.

    Raises:
        ValueError: They do not.
    """
    spans = []
    for pause in pauses:
        start, end = pause.removeprefix("-").split("-") if pause.startswith("-") else ("", "")
        first = (minutes(start) - begin) % (24 * 60)
        last = first + (minutes(end) - minutes(start)) % (24 * 60)
        spans.append((first, last))
    spans.sort()
    for (first, last), (following, _) in zip(spans, [*spans[1:], (worked, worked)]):
        if first == last or last > following:
            raise ValueError("a pause is not within the work")
    pause = sum(last - first for first, last in spans)
    if worked - pause <= 0:
        raise ValueError("nothing was worked")
    return pause


def lines_of(text: str) -> list:
    """Return the lines that say something, without comments."""
    return [line for line in (part.partition("#")[0].strip() for part in text.split("\n")) if line]


def shown(name: str, worked: int) -> str:
    return f"{name:<10} {worked // 60:>3}:{worked % 60:02}"


def report(text: str) -> str:
    """Return the report on a timesheet, without a line break at its end."""
    totals: dict = {}
    bad = []
    for line in lines_of(text):
        try:
            _, name, worked = parse(line)
        except ValueError:
            bad.append(line)
        else:
            totals[name] = totals.get(name, 0) + worked
    rows = [shown(name, totals[name]) for name in sorted(totals, key=lambda name: (-totals[name], name))]
    rows.append(shown("total", sum(totals.values())))
    return "\n".join([*rows, *(["bad: " + "; ".join(bad)] if bad else [])])


if __name__ == "__main__":
    print(report(Path(sys.argv[1]).read_text("utf-8")))
PYTHON
