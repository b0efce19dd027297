"""Tables."""

from layout.cut import cut
from layout.width import width


def pad(text, columns, right=False):
    """Fill a text with spaces, behind it or in front of it."""
    return text.rjust(columns) if right else text.ljust(columns)


def table(rows, widest=20):
    """Return lines of rows of texts, all rows of the same length.

    Each column is as wide as its widest text, but at most `widest`; longer texts are cut. Columns are two spaces apart. A column all of
    whose texts consist of the digits 0 to 9 is aligned to the right. Lines have no spaces at their end.
    """
    columns = list(zip(*rows))
    widths = [min(widest, max(map(width, column))) for column in columns]
    numbers = [all(text.isdigit() for text in column) for column in columns]
    return ["  ".join(map(pad, (cut(text, columns) for text, columns in zip(row, widths)), widths, numbers)).rstrip(" ") for row in rows]
