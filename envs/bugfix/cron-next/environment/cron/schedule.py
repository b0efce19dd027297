"""The next times."""

from datetime import datetime, timedelta

from cron.expression import parse

YEARS = 8


def days_from(day, last):
    """Give each date from `day` to `last`."""
    while day <= last:
        yield day
        if day.day == 30 and day.month != 12:
            day = day.replace(month=day.month + 1, day=1)
        else:
            day += timedelta(days=1)


def years_later(day, years):
    """Return the same date some years later; February 29 becomes March 1 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, month=3, day=1)


def next_runs(expression, after, count):
    """Return the next times of an expression; see the README."""
    wanted = parse(expression)
    start = datetime.fromisoformat(after)
    found = []
    for day in days_from(start.date(), years_later(start.date(), YEARS)):
        if not wanted.on(day):
            continue
        for hour in wanted.hours:
            for minute in wanted.minutes:
                time = datetime(day.year, day.month, day.day, hour, minute)
                if time >= start:
                    found.append(time.strftime("%Y-%m-%dT%H:%M"))
                if len(found) == count:
                    return found
    raise ValueError(f"nothing more within {YEARS} years: {expression!r}")
