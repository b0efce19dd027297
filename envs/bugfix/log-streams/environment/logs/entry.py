"""Entries of a log."""

from datetime import datetime, timezone


def moment(line):
    """Return the time at the beginning of a line, up to its first space, in UTC; None if there is none.

    A time is as `datetime.fromisoformat` reads it, with or without a distance from UTC; without one it is UTC.
    """
    try:
        time = datetime.fromisoformat(line.split(" ", 1)[0])
    except ValueError:
        return None
    return time.replace(tzinfo=timezone.utc)
