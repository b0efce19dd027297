"""The order of a list."""


class Descending:
    """Turns around the order of a value."""

    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return other.value < self.value

    def __eq__(self, other):
        return self.value == other.value


def place(sort, value, number):
    """Return the sort key of an item with this value and id."""
    if value is None:
        return (0,)
    return (1, Descending(value), -number) if sort.startswith("-") else (1, value, number)
