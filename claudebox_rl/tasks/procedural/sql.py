"""Family `sql`: write one query for SQLite that answers a question about two tables.

What grows with the difficulty: 1 selects rows, 2 joins, 3 groups (with those that have nothing), 4 asks for what is
missing or compares rows with their group, 5 needs window functions or the like. Results are whole numbers and texts in
a total order, so that every version of SQLite gives the same. The hidden databases refuse queries that leave out a
condition or what orders equal rows, or that take a limit for the wrong side.
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

_HIDDEN_DATABASES, _CANDIDATES = 4, 8
_SHOWN_ROWS, _HIDDEN_ROWS = (14, 22), (50, 90)
_TRIES = 60


@dataclass(frozen=True, slots=True)
class _Database:
    inserts: str
    answer: list[list[Any]]


class SqlFamily(Family):
    """Questions about a small database."""

    name = "sql"
    version = 2
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
    """Return a question, the shown database and hidden ones, whose answers are neither empty nor alike.

    Where chance gives none whose shown answer is short but not empty, the last one is taken.
    """
    best: tuple[Question, _Database, list[_Database]] | None = None
    ask = dice.choice(QUESTIONS[difficulty])
    for _ in range(_TRIES):
        question = ask(dice, domain)
        hidden = _hidden(dice, domain, question)
        sizes = [len(each.answer) for each in hidden]
        if hidden and min(sizes) >= 1 and max(sizes) >= 3:
            shown = _database(dice, domain, question, _SHOWN_ROWS)
            answers = {json.dumps(each.answer) for each in (shown, *hidden)}
            if len(answers) == 1 + len(hidden):
                best = question, shown, hidden
                if 1 <= len(shown.answer) <= 12:
                    break
    if best is None:
        return _telling(dice, domain, difficulty)
    return best


def _hidden(dice: Random, domain: Domain, question: Question) -> list[_Database]:
    """Return a few databases that tell the query from each mistaken one, or none where chance gives no such."""
    kept: list[_Database] = []
    mistaken = question.mistaken()
    for at in range(_CANDIDATES):
        each = _database(dice, domain, question, _HIDDEN_ROWS)
        left = [query for query, rows in _answers(domain, each.inserts, mistaken) if rows == each.answer]
        if at < _HIDDEN_DATABASES or len(left) < len(mistaken):
            kept.append(each)
        mistaken = left
        if at + 1 >= _HIDDEN_DATABASES and not mistaken:
            return kept
    return []


def _database(dice: Random, domain: Domain, question: Question, sizes: tuple[int, int]) -> _Database:
    inserts = draw_rows(dice, domain, dice.randrange(*sizes))
    ((_, answer),) = _answers(domain, inserts, [question.sql])
    return _Database(inserts, answer)


def _answers(domain: Domain, inserts: str, queries: list[str]) -> list[tuple[str, list[list[Any]]]]:
    """Return the queries with the rows that they give."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema(domain) + inserts)
        return [(query, [list(row) for row in connection.execute(query)]) for query in queries]
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
