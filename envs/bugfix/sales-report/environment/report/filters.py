"""Filters."""

FIELDS = {"region": 0, "product": 1, "amount": 2}


def passes(row, field, operator, value):
    """Whether a row passes a filter."""
    found = row[FIELDS[field]]
    if operator == ">=":
        return found >= int(value)
    return (found == value) == (operator == "=")


def filtered(rows, filters):
    """Give the rows that pass all filters."""
    for field, operator, value in filters:
        rows = (row for row in rows if passes(row, field, operator, value))
    return rows
