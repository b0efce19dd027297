"""Series of meetings."""

import calendar
from datetime import datetime, timedelta

from meetings.convert import to_utc


def locals_of(series):
    """Return the local times of all meetings of a series."""
    first = datetime.fromisoformat(series["first"])
    found = [first]
    while len(found) < series["count"]:
        last = found[-1]
        if series["every"] == "month":
            days = calendar.monthrange(last.year, last.month)[1]
            found.append(last + timedelta(days=days))
        else:
            days = 7 if series["every"] == "week" else 1
            found.append(found[-1] + timedelta(days=days))
    return found


def times(series):
    """Return the starts of all meetings in UTC."""
    found = locals_of(series)
    start = to_utc(series["zone"], found[0])
    return [start + (local - found[0]) for local in found]


def as_text(time):
    """Write a time."""
    return time.strftime("%Y-%m-%dT%H:%M")


def starts(series):
    """Return the starts of all meetings as texts; see the README."""
    return [as_text(time) for time in times(series)]
