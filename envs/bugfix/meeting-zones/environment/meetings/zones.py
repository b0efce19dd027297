"""The table of time zones. It is right; only the year of a change is computed elsewhere."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A change at a time in UTC on the n-th Sunday of a month (-1 is the last), to a distance from UTC in minutes."""

    month: int
    nth: int
    hour: int
    distance: int


ZONES = {
    "UTC": [Change(1, 1, 0, 0)],
    "Berlin": [Change(3, -1, 1, 120), Change(10, -1, 1, 60)],
    "London": [Change(3, -1, 1, 60), Change(10, -1, 1, 0)],
    "New York": [Change(3, 2, 7, -240), Change(11, 1, 6, -300)],
    "Sydney": [Change(4, 1, 16 - 24, 600), Change(10, 1, 16 - 24, 660)],
    "Kolkata": [Change(1, 1, 0, 330)],
}
