#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "report/clean.py",
    '''def clean(rows, errors=[]):
    """Give good rows as triples (region, product, cents), and add the numbers of others to the errors."""
    numbered = enumerate(rows, start=1)
    for number, row in numbered:
        match = _AMOUNT.fullmatch(row.get("amount", ""))
        if match is None or "region" not in row or "product" not in row:
            errors.append(number)
            next(numbered, None)
            continue
        yield row["region"].strip().lower(), row["product"], int(match[1])''',
    '''def clean(rows, errors):
    """Give good rows as triples (region, product, cents), and add the numbers of others to the errors."""
    for number, row in enumerate(rows, start=1):
        match = _AMOUNT.fullmatch(row.get("amount", ""))
        if match is None or "region" not in row or "product" not in row:
            errors.append(number)
            continue
        yield row["region"].strip(" ").lower(), row["product"], int(match[1])''',
)
edit(
    "report/filters.py",
    '    return (found == value) == (operator == "=")',
    '''    if field == "region":
        value = value.strip(" ").lower()
    elif field == "amount":
        value = int(value)
    return (found == value) == (operator == "=")''',
)
edit(
    "report/filters.py",
    '''    for field, operator, value in filters:
        rows = (row for row in rows if passes(row, field, operator, value))
    return rows''',
    "    return (row for row in rows if all(passes(row, *each) for each in filters))",
)
edit(
    "report/groups.py",
    '''    for value, group in itertools.groupby(rows, key=lambda row: row[place]):
        yield value, list(group)''',
    '''    for value, group in itertools.groupby(sorted(rows, key=lambda row: row[place]), key=lambda row: row[place]):
        yield value, list(group)''',
)
edit(
    "report/groups.py",
    "    return max(sums)[1]",
    "    return min(sums, key=lambda pair: (-pair[0], pair[1]))[1]",
)
edit(
    "report/build.py",
    "    return round(1000 * part / whole) if whole > 0 else 0",
    "    return (2000 * part + whole) // (2 * whole) if whole > 0 else 0",
)
edit(
    "report/build.py",
    '''    errors = []
    good = filtered(clean(rows), filters)
    groups = list(by(good, 0))
    total = cents(good)
    amount = sum(1 for _ in good)''',
    '''    errors = []
    good = list(filtered(clean(rows, errors), filters))
    groups = list(by(good, 0))
    total = cents(good)
    amount = len(good)''',
)
edit(
    "report/build.py",
    '''    regions.sort(key=lambda line: line["cents"], reverse=True)
    return {"rows": amount, "cents": total, "errors": errors, "regions": regions[: top or None]}''',
    '''    regions.sort(key=lambda line: (-line["cents"], line["region"]))
    return {"rows": amount, "cents": total, "errors": errors, "regions": regions[:top]}''',
)
PYTHON
python3 -m unittest --quiet
