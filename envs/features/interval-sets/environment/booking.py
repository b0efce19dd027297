"""How `intervals` will be used: free times of rooms, in minutes."""

from intervals import Intervals

OPEN = Intervals.parse("[540, 1020)")


def free(bookings):
    """Return the free times of a day, given its bookings as a text."""
    return OPEN - Intervals.parse(bookings)
