"""The databases that questions are about: what their tables and columns are called, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Domain:
    """Two tables: a few parents, and many children of them."""

    parents: str
    parent: str
    group: str
    """Column of the parents with few values."""
    groups: tuple[str, ...]
    children: str
    child: str
    number: str
    """Column of the children: a whole number, at least 0."""
    day: str
    """Column of the children: a date, YYYY-MM-DD."""
    status: str
    """Column of the children with few values."""
    statuses: tuple[str, ...]

    @property
    def key(self) -> str:
        """Column of the children that names their parent."""
        return f"{self.parent}_id"


_DOMAINS = (
    Domain("customers", "customer", "city", ("Lyon", "Oslo", "Porto", "Graz"), "orders", "order", "cents", "placed",
           "status", ("paid", "open", "returned", "cancelled")),
    Domain("drivers", "driver", "depot", ("north", "east", "harbour"), "trips", "trip", "metres", "driven", "kind",
           ("delivery", "pickup", "shuttle", "repair")),
    Domain("members", "member", "branch", ("Main", "Park", "Hill", "Dock"), "loans", "loan", "pages", "lent", "state",
           ("out", "back", "overdue", "lost")),
    Domain("farms", "farm", "region", ("valley", "coast", "plain"), "harvests", "harvest", "kilos", "brought", "crop",
           ("rye", "oats", "beans", "hops")),
    Domain("students", "student", "course", ("physics", "law", "music"), "exams", "exam", "points", "written", "grade",
           ("passed", "failed", "ill", "withdrawn")),
    Domain("machines", "machine", "hall", ("A", "B", "C", "D"), "jobs", "job", "seconds", "started", "result",
           ("done", "stopped", "scrap", "test")),
    Domain("sensors", "sensor", "site", ("roof", "cellar", "yard"), "readings", "reading", "level", "taken", "quality",
           ("good", "late", "doubtful", "void")),
    Domain("clinics", "clinic", "county", ("Kerry", "Cork", "Clare"), "visits", "visit", "minutes", "held", "reason",
           ("checkup", "injury", "vaccine", "advice")),
)  # fmt: skip
_NAMES = (
    "Ada", "Bela", "Cato", "Dora", "Emil", "Fay", "Gil", "Hana", "Ivo", "Jun", "Kai", "Lea", "Mara", "Nils", "Ola",
    "Pia", "Quin", "Rosa", "Sven", "Tara", "Uma", "Vito", "Wes", "Xena", "Yara", "Zeno",
)  # fmt: skip
_NOTES = ("checked", "by phone", "second try", "see file")


def draw_domain(dice: Random) -> Domain:
    """Return one of the domains."""
    return dice.choice(_DOMAINS)


def schema(domain: Domain) -> str:
    """Return the statements that make the tables."""
    return f"""\
CREATE TABLE {domain.parents} (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  "{domain.group}" TEXT NOT NULL
);
CREATE TABLE {domain.children} (
  id INT NOT NULL PRIMARY KEY,
  {domain.key} INTEGER NOT NULL REFERENCES {domain.parents}(id),
  "{domain.number}" INTEGER NOT NULL,
  "{domain.day}" TEXT NOT NULL,
  "{domain.status}" TEXT NOT NULL,
  note TEXT
);
"""


def draw_rows(dice: Random, domain: Domain, num_children: int) -> str:
    """Return the statements that fill the tables; some parents have no children."""
    names = dice.sample(_NAMES, dice.randrange(6, 11))
    parents = [f"({at}, '{name}', '{dice.choice(domain.groups)}')" for at, name in enumerate(names, 1)]
    with_children = sorted(dice.sample(range(1, len(names) + 1), len(names) - dice.randrange(1, 3)))
    # In an order that is not that of their ids, so that a query which leaves it open gives another one.
    ids = dice.sample(range(1, num_children + 1), num_children)
    children = [_child(dice, domain, at, dice.choice(with_children)) for at in ids]
    return "".join(
        f"INSERT INTO {table} VALUES\n  {joined};\n"
        for table, joined in ((domain.parents, ",\n  ".join(parents)), (domain.children, ",\n  ".join(children)))
    )


def _child(dice: Random, domain: Domain, at: int, parent: int) -> str:
    # Few different numbers and days, so that questions about ties and limits are real ones.
    number = dice.randrange(0, 61) * 5
    day = f"2024-{dice.randrange(1, 7):02}-{dice.choice([1, 5, 9, 14, 20, 28]):02}"
    note = f"'{dice.choice(_NOTES)}'" if dice.random() < 0.4 else "NULL"
    return f"({at}, {parent}, {number}, '{day}', '{dice.choice(domain.statuses)}', {note})"
