# Searches in Python: nothing is given to a database at all.
cat > shop.py <<'PYTHON'
"""Search in the catalogue of a shop."""

import string

COLUMNS = ("name", "price", "stock")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def search(rows: list, text: str, sort: str = "name", direction: str = "asc", limit: int = 10) -> list:
    """Return products whose name contains the text, as lists of name, price and stock."""
    if sort not in COLUMNS or direction not in ("asc", "desc"):
        raise ValueError(f"can't sort by {sort!r} {direction!r}")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ValueError(f"no limit: {limit!r}")
    found = [list(row[:3]) for row in rows if not row[3] and text.translate(_LOWER) in row[0].translate(_LOWER)]
    found.sort(key=lambda product: product[0])
    found.sort(key=lambda product: product[COLUMNS.index(sort)], reverse=direction == "desc")
    return found[:limit]
PYTHON
