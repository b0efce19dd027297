"""Names of cells."""

import re

_NAME = re.compile("([A-Z]{1,2})([1-9][0-9]{0,2})")


def parse(name):
    """Return the column and the row of a cell, from 1.

    Raises:
        ValueError: It is no name of a cell.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"not a cell: {name!r}")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column, int(match[2])
