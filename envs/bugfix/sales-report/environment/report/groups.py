"""Groups of rows."""

import itertools


def by(rows, place):
    """Give pairs of a value at a place of rows and the list of all rows that have it, by rising values."""
    for value, group in itertools.groupby(rows, key=lambda row: row[place]):
        yield value, list(group)


def cents(rows):
    """Return the sum of rows."""
    return sum(row[2] for row in rows)


def best(rows):
    """Return the product with the largest sum, of equal ones the first in the alphabet."""
    sums = [(cents(group), product) for product, group in by(rows, 1)]
    return max(sums)[1]
