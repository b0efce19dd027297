#!/bin/bash
set -euo pipefail
cat > timesheet.py <<'PYTHON'
"""Working times: python3 timesheet.py FILE."""

import re
import sys
from pathlib import Path

TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2})", re.ASCII)


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
    day, name, start, end = line.split()
    worked = minutes(end) - minutes(start)
    if worked <= 0:
        raise ValueError("it ends before it begins")
    return day, name, worked


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
