"""Gauss's elimination."""

from fractions import Fraction


def reduced(rows, columns):
    """Bring a list of lists to its reduced row echelon form over its first columns.

    Returns:
        The new rows, the list of columns with a pivot, and by what the determinant of these columns is greater than that of the
        result (the product of all pivots, negative for an odd number of exchanges of rows).
    """
    rows = [list(row) for row in rows]
    pivots, factor = [], Fraction(1)
    for column in range(columns):
        top = len(pivots)
        found = [number for number in range(top, len(rows)) if rows[number][column] > 0]
        if not found:
            continue
        rows[top], rows[found[0]] = rows[found[0]], rows[top]
        pivot = rows[top][column]
        factor *= pivot
        rows[top] = [value / pivot for value in rows[top]]
        for number, row in enumerate(rows):
            if number != top and row[column] != 0:
                rows[number] = [value - row[column] * above for value, above in zip(row, rows[top])]
        pivots.append(column)
    return rows, pivots, factor
