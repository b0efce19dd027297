"""Family `sql`: write one query for SQLite that answers a question about two tables.

What grows with the difficulty: 1 selects rows, 2 joins, 3 groups (with those that have nothing), 4 asks for what is
missing or compares rows with their group, 5 needs window functions or the like. Results are whole numbers and texts in
a total order, so that every version of SQLite gives the same.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import QUERY
from claudebox_rl.tasks.procedural.sql_data import Domain, draw_domain, draw_rows, schema
from claudebox_rl.tasks.procedural.sql_questions import QUESTIONS, Question

_HIDDEN_DATABASES = 4
_SHOWN_ROWS, _HIDDEN_ROWS = (14, 22), (50, 90)
_TRIES = 60


@dataclass(frozen=True, slots=True)
class _Database:
    inserts: str
    answer: list[list[Any]]


class SqlFamily(Family):
    """Questions about a small database."""

    name = "sql"
    category = "data"
    keywords = ("sql", "sqlite")

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        domain = draw_domain(dice)
        question, shown, hidden = _telling(dice, domain, difficulty)
        return Draft(
            description=f"Write a query about {domain.parents} and their {domain.children}.",
            instruction=_INSTRUCTION.format(
                parents=domain.parents,
                children=domain.children,
                question=question.words,
                columns=", ".join(f"`{name}`" for name in question.columns),
                order=question.order,
                answer="\n".join(f"    {json.dumps(row)}" for row in shown.answer),
            ),
            environment={"sample.sql": f"{schema(domain)}\n{shown.inserts}", "try.py": _TRY},
            solution={"query.sql": question.sql + "\n"},
            judge=QUERY,
            hidden={
                "schema": schema(domain),
                "columns": list(question.columns),
                "databases": [{"inserts": each.inserts, "rows": each.answer} for each in hidden],
            },
        )


def _telling(dice: Random, domain: Domain, difficulty: int) -> tuple[Question, _Database, list[_Database]]:
    """Return a question whose answers are neither empty nor alike, the shown database and the hidden ones.

    Where chance gives no such question, the last one is taken of which at least the hidden answers differ.
    """
    best: tuple[Question, _Database, list[_Database]] | None = None
    for _ in range(_TRIES):
        question = dice.choice(QUESTIONS[difficulty])(dice, domain)
        shown = _database(dice, domain, question, _SHOWN_ROWS)
        hidden = [_database(dice, domain, question, _HIDDEN_ROWS) for _ in range(_HIDDEN_DATABASES)]
        answers = {json.dumps(each.answer) for each in (shown, *hidden)}
        sizes = [len(each.answer) for each in hidden]
        if len(answers) == 1 + _HIDDEN_DATABASES and min(sizes) >= 1 and max(sizes) >= 3:
            best = question, shown, hidden
            if 1 <= len(shown.answer) <= 12:
                break
    if best is None:
        return _telling(dice, domain, difficulty)
    return best


def _database(dice: Random, domain: Domain, question: Question, sizes: tuple[int, int]) -> _Database:
    inserts = draw_rows(dice, domain, dice.randrange(*sizes))
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema(domain) + inserts)
        return _Database(inserts, [list(row) for row in connection.execute(question.sql)])
    finally:
        connection.close()


_INSTRUCTION = """\
`sample.sql` in this folder makes a small SQLite database of {parents} and their {children}. Write one query into the
file `query.sql` in this folder. It answers, on any database with these tables:

{question}

The result has the columns {columns}, named so, in this order. {order}

On the database of `sample.sql` the rows are, as JSON:

{answer}

The query is judged on other databases with the same tables. It is a single statement that only reads; `python3 try.py`
runs it on the sample.
"""

_TRY = '''\
"""Run query.sql on the database of sample.sql and print its rows as JSON."""

import json
import sqlite3
from pathlib import Path

here = Path(__file__).parent
connection = sqlite3.connect(":memory:")
connection.executescript((here / "sample.sql").read_text(encoding="utf-8"))
rows = connection.execute((here / "query.sql").read_text(encoding="utf-8"))
print(json.dumps([column[0] for column in rows.description]))
for row in rows:
    print(json.dumps(row))
'''
