"""Run a query file on made-up SQLite databases and compare its rows. The same file in each task that uses it."""

import json
import sqlite3

from judging import content, expect, parsed, run, scratch

_RUNNER = """
import json, pathlib, sqlite3, sys
path, query = json.load(sys.stdin)
found = sqlite3.connect(pathlib.Path(path).as_uri() + "?mode=ro", uri=True).execute(query)
json.dump([[column[0] for column in found.description or ()], found.fetchmany(5000)], sys.stdout)
"""


def query(case: str, script: str, file: str, columns: list, wanted: list) -> None:
    """Expect that the one statement in `file` gives these columns and rows, in this order, on a database.

    Raises:
        Wrong: It fails, changes the database, or gives anything else.
    """
    statement = content(file)
    with scratch() as place:
        path = place / "other.db"
        with sqlite3.connect(path) as database:
            database.executescript(f"BEGIN;\n{script}COMMIT;")
        database.close()
        ended = run(["python3", "-I", "-c", _RUNNER], stdin=json.dumps([str(path), statement]), cwd=place)
    expect(ended.exit_code == 0, f"{case}: {file}: {ended.stderr.strip()[-400:]}")
    answer = parsed(ended.stdout)
    expect(answer[0] == columns, f"{case}: wanted the columns {columns}, got {answer[0]}")
    expect(len(answer[1]) == len(wanted), f"{case}: wanted {len(wanted)} rows, got {len(answer[1])}: {answer[1][:3]}")
    for number, (found, right) in enumerate(zip(answer[1], wanted, strict=True)):
        equal = [json.dumps(value) for value in found] == [json.dumps(value) for value in right]
        expect(equal, f"{case}: row {number}: wanted {right}, got {found}")


def rows(table: str, values: list) -> str:
    """Write INSERT statements."""
    return "".join(f"INSERT INTO {table} VALUES ({', '.join(map(_literal, row))});\n" for row in values)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
