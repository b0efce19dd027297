"""Good rows and errors."""

import re

_AMOUNT = re.compile(" *(-?[0-9]+) *")


def clean(rows, errors=[]):
    """Give good rows as triples (region, product, cents), and add the numbers of others to the errors."""
    numbered = enumerate(rows, start=1)
    for number, row in numbered:
        match = _AMOUNT.fullmatch(row.get("amount", ""))
        if match is None or "region" not in row or "product" not in row:
            errors.append(number)
            next(numbered, None)
            continue
        yield row["region"].strip().lower(), row["product"], int(match[1])
