#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path

file = Path("shop.py")
code = file.read_text()
code = code.replace("""    for name, price, stock, hidden in rows:
        database.execute(f"insert into products values ('{name}', {price}, {stock}, {hidden})")
""", """    database.executemany("insert into products values (?, ?, ?, ?)", rows)
""")
start = code.index("    query = f")
code = code[:start] + """    # Not LIKE: it has signs of its own, and its escapes would have to be escaped.
    query = "select name, price, stock from products where hidden = 0 and instr(lower(name), lower(?)) > 0"
    query += f" order by {sort} {direction}, name limit ?"  # both checked above
    return [list(row) for row in database.execute(query, (text, limit))]
"""
code = code.replace("""    database = sqlite3""", """    if sort not in COLUMNS or direction not in ("asc", "desc"):
        raise ValueError(f"can't sort by {sort!r} {direction!r}")
    if type(limit) is not int or limit < 0:
        raise ValueError(f"limit is {limit!r}")
    database = sqlite3""", 1)
file.write_text(code)
PYTHON
python3 -m unittest --quiet
