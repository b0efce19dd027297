"""When the distance from UTC changes."""

from datetime import datetime, timedelta

from meetings.zones import ZONES


def sunday(year, month, nth):
    """Return the n-th Sunday of a month, -1 for the last."""
    if nth == -1:
        day = datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return day - timedelta(days=(day.weekday() + 1) % 7)
    day = datetime(year, month, 1)
    return day + timedelta(days=7 - day.weekday() + 7 * (nth - 1))


def changes(zone, year):
    """Return pairs of a time in UTC and the distance (a timedelta) from then on, earliest first, from the year before to that after."""
    found = [
        (sunday(which, change.month, change.nth) + timedelta(hours=change.hour), timedelta(minutes=change.distance))
        for which in (year - 1, year, year + 1)
        for change in ZONES[zone]
    ]
    return sorted(found)
