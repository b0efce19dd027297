"""Fields of an expression."""

import re

RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
_ITEM = re.compile(r"(?:(\*)|([0-9]+)(?:-([0-9]+))?)(?:/([0-9]+))?")


def parse_field(text, lowest, highest):
    """Return the set of values that a field names.

    Raises:
        ValueError: The text is no field of that range.
    """
    values = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"not an item of a field: {item!r}")
        star, first, last, step = match.groups()
        low = lowest if star else int(first)
        high = highest if star else int(last or first)
        if not lowest <= low <= high <= highest or step == "0" or int(step or 1) == 0:
            raise ValueError(f"out of range: {item!r}")
        values.update(range(low, high + 1, int(step or 1)))
    return values
