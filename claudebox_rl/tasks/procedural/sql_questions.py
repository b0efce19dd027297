"""Questions about a database, each in words and as a query, by difficulty."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from claudebox_rl.tasks.procedural.sql_data import Domain


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its answer."""

    words: str
    columns: tuple[str, ...]
    order: str
    """A sentence."""
    sql: str

    def mistaken(self) -> list[str]:
        """Return queries that leave something out, or take a limit for the wrong side."""
        found: list[str] = []
        for pattern, instead in _MISTAKES:
            found += [
                f"{self.sql[: at.start()]}{at.expand(instead)}{self.sql[at.end() :]}"
                for at in pattern.finditer(self.sql)
            ]
        return found


_SIDE = r"((?:[^()]|\([^()]*\))+?)"
_BOTH = rf"\((?!SELECT|PARTITION){_SIDE} (?:AND|OR) {_SIDE}\)"
_MISTAKES = tuple(
    (re.compile(pattern, re.MULTILINE), instead)
    for pattern, instead in (
        (_BOTH, r"\1"),
        (_BOTH, r"\2"),
        (r"([<>])=", r"\1"),
        (r" ([<>]) ", r" \1= "),
        (r"LEFT JOIN", "JOIN"),
        (r"COUNT\(DISTINCT ", "COUNT("),
        (r"\n  AND p\..*", ""),
        (r"\nHAVING COUNT\(\*\).*", ""),
        (r"HAVING COUNT\(DISTINCT.*\n    OR ", "HAVING "),
        (r"\n    OR NOT EXISTS.*", ""),
        (r"\nLIMIT .*", ""),
        (r", c\.\w+ DESC(?=, c\.id)", ""),
        (r"(?<=ASC|ESC), (?:c\.)?id$(?!\n *\))", ""),
        (r", c\.id(?= ROWS)", ""),
    )
)


def _condition(dice: Random, domain: Domain, at: str = "") -> tuple[str, str]:
    """Return a condition on a child, in words and as SQL; `at` is the table's alias with its dot."""
    status, other = dice.sample(domain.statuses, 2)
    low = dice.randrange(8, 36) * 5
    month = dice.randrange(2, 6)
    day = f"2024-{month:02}-{dice.choice([1, 9, 20]):02}"
    return dice.choice(
        [
            (f"`{domain.status}` is {status}", f"{at}{domain.status} = '{status}'"),
            (f"`{domain.status}` is {status} or {other}", f"{at}{domain.status} IN ('{status}', '{other}')"),
            (f"`{domain.status}` is not {status}", f"{at}{domain.status} <> '{status}'"),
            (f"`{domain.number}` is at least {low}", f"{at}{domain.number} >= {low}"),
            (f"`{domain.number}` is below {low + 60}", f"{at}{domain.number} < {low + 60}"),
            (f"`{domain.day}` is {day} or later", f"{at}{domain.day} >= '{day}'"),
            (f"`{domain.day}` is before {day}", f"{at}{domain.day} < '{day}'"),
            ("there is a note", f"{at}note IS NOT NULL"),
            ("there is no note", f"{at}note IS NULL"),
        ]
    )


def _two_conditions(dice: Random, domain: Domain, at: str = "", *, is_both: bool = False) -> tuple[str, str]:
    """Return two conditions as one; `is_both`: always of those for which both hold."""
    first = _condition(dice, domain, at)
    second = _condition(dice, domain, at)
    while second[1].split()[0] == first[1].split()[0]:
        second = _condition(dice, domain, at)
    joint, word = ("AND", "and") if is_both else dice.choice([("AND", "and"), ("OR", "or (or both)")])
    return f"{first[0]} {word} {second[0]}", f"({first[1]} {joint} {second[1]})"


def _rows(dice: Random, domain: Domain) -> Question:
    words, condition = _two_conditions(dice, domain)
    first, second = dice.sample([domain.number, domain.day, domain.status], 2)
    way, told = dice.choice([("DESC", "the largest first"), ("ASC", "the smallest first")])
    limit = dice.choice([0, 0, 5, 8])
    return Question(
        f"Which {domain.children} are there for which {words}?"
        + (f" Only the first {limit} in the order below." if limit else ""),
        ("id", first, second),
        f"Rows are ordered by `{domain.number}`, {told}, and those that are equal in it by `id`, the smallest first.",
        f"SELECT id, {first}, {second}\nFROM {domain.children}\nWHERE {condition}\n"
        f"ORDER BY {domain.number} {way}, id" + (f"\nLIMIT {limit}" if limit else ""),
    )


def _joined(dice: Random, domain: Domain) -> Question:
    words, condition = _two_conditions(dice, domain, "c.")
    group = dice.choice(domain.groups)
    sign, told = dice.choice([("=", "is"), ("<>", "is not")])
    column = dice.choice([domain.number, domain.day, domain.status])
    way, first = dice.choice([("DESC", "the latest"), ("ASC", "the earliest")])
    return Question(
        f"Which {domain.children} for which {words} belong to a {domain.parent} whose `{domain.group}` {told} {group}?",
        ("id", "name", column),
        f"`name` is that of the {domain.parent}. Rows are ordered by `{domain.day}`, {first} first, and those of one "
        f"day "
        "by `id`, the smallest first.",
        f"SELECT c.id, p.name, c.{column}\nFROM {domain.children} AS c\nJOIN {domain.parents} AS p ON p.id = c."
        f"{domain.key}\nWHERE {condition}\n  AND p.\"{domain.group}\" {sign} '{group}'\nORDER BY c.{domain.day} {way}, "
        f"c.id",
    )


def _per_parent(dice: Random, domain: Domain) -> Question:
    """Count and sum for each parent, with those that have nothing."""
    words, condition = _two_conditions(dice, domain, "c.")
    number = domain.number
    total, told = dice.choice(
        [
            (f"COALESCE(SUM(c.{number}), 0)", f"the sum of their `{number}`, 0 where there are none"),
            (f"COALESCE(MAX(c.{number}), -1)", f"their largest `{number}`, -1 where there are none"),
            (f"COALESCE(MIN(c.{number}), -1)", f"their smallest `{number}`, -1 where there are none"),
            (f"COUNT(DISTINCT c.{domain.day})", f"the number of different days in their `{domain.day}`"),
        ]
    )
    return Question(
        f"For each {domain.parent}, also for those that have none: how many {domain.children} are there for which "
        f"{words} (`amount`), and what is {told} (`figure`)?",
        ("name", "amount", "figure"),
        "Rows are ordered by `amount`, the largest first, and those that are equal in it by `name`.",
        f"SELECT p.name, COUNT(c.id) AS amount, {total} AS figure\nFROM {domain.parents} AS p\n"
        f"LEFT JOIN {domain.children} AS c ON c.{domain.key} = p.id AND {condition}\nGROUP BY p.id\n"
        "ORDER BY amount DESC, p.name",
    )


def _per_group(dice: Random, domain: Domain) -> Question:
    words, condition = _two_conditions(dice, domain, "c.", is_both=True)
    least = dice.randrange(2, 5)
    by, told = dice.choice(
        [
            (f'p."{domain.group}"', f"each `{domain.group}` of the {domain.parents}"),
            (f"substr(c.{domain.day}, 1, 7)", f"each month in `{domain.day}`, written as 2024-03"),
            (f"c.{domain.status}", f"each `{domain.status}`"),
        ]
    )
    return Question(
        f"Only {domain.children} count for which {words}. For {told} (`part`) with at least {least} of them: how "
        f"many are there (`amount`), to how many different {domain.parents} do they belong (`owners`), and what is "
        f"the sum of their `{domain.number}` (`total`)?",
        ("part", "amount", "owners", "total"),
        "Rows are ordered by `total`, the largest first, and those that are equal in it by `part`.",
        f"SELECT {by} AS part, COUNT(*) AS amount, COUNT(DISTINCT p.id) AS owners, SUM(c.{domain.number}) AS total\n"
        f"FROM {domain.children} AS c\nJOIN {domain.parents} AS p ON p.id = c.{domain.key}\nWHERE {condition}\n"
        f"GROUP BY part\nHAVING COUNT(*) >= {least}\nORDER BY total DESC, part",
    )


def _without(dice: Random, domain: Domain) -> Question:
    words, condition = _two_conditions(dice, domain, "c.", is_both=True)
    number, least = domain.number, dice.randrange(4, 9)
    return Question(
        f"Which {domain.parents} have no {domain.child} for which {words}, or have {domain.children} on fewer than "
        f"{least + 1} different days? `total` is the sum of `{number}` over all their {domain.children}, 0 where there "
        "are none.",
        ("name", "total"),
        "Rows are ordered by `name`.",
        f"SELECT p.name, COALESCE(SUM(a.{number}), 0) AS total\nFROM {domain.parents} AS p\n"
        f"LEFT JOIN {domain.children} AS a ON a.{domain.key} = p.id\nGROUP BY p.id\n"
        f"HAVING COUNT(DISTINCT a.{domain.day}) <= {least}\n"
        f"    OR NOT EXISTS (SELECT 1 FROM {domain.children} AS c WHERE c.{domain.key} = p.id AND {condition})\n"
        "ORDER BY p.name",
    )


def _against_own(dice: Random, domain: Domain) -> Question:
    words, condition = _condition(dice, domain, "c.")
    number = domain.number
    sign, told = dice.choice([(">", "above"), ("<", "below")])
    return Question(
        f"Only {domain.children} count for which {words}. Which of them have a `{number}` that is {told} the average"
        f" `{number}` of those of the same {domain.parent}? `others` is how many that {domain.parent} has of them in"
        " all, this one included.",
        ("id", "name", number, "others"),
        f"`name` is that of the {domain.parent}. Rows are ordered by `name`, and those of one {domain.parent} by `id`.",
        f"WITH counted AS (\n  SELECT c.{domain.key} AS owner, COUNT(*) AS others, SUM(c.{number}) AS total\n"
        f"  FROM {domain.children} AS c\n  WHERE {condition}\n  GROUP BY owner\n)\n"
        f"SELECT c.id, p.name, c.{number}, counted.others\nFROM {domain.children} AS c\n"
        f"JOIN counted ON counted.owner = c.{domain.key}\nJOIN {domain.parents} AS p ON p.id = c.{domain.key}\n"
        f"WHERE {condition}\n  AND c.{number} * counted.others {sign} counted.total\nORDER BY p.name, c.id",
    )


def _first_of_each(dice: Random, domain: Domain) -> Question:
    words, condition = _two_conditions(dice, domain, "c.")
    most = dice.randrange(2, 4)
    way, told = dice.choice([("DESC", "the largest"), ("ASC", "the smallest")])
    return Question(
        f"Only {domain.children} count for which {words}. For each {domain.parent}: which are its first {most} by "
        f"`{domain.number}`, {told} first, then by `{domain.day}`, the latest first, then by `id`, the smallest "
        f"first? `place` says which it is of its {domain.parent}, from 1, and `share` how much of the sum of "
        f"`{domain.number}` over all that count of that {domain.parent} it has, in whole per cent, rounded down (0 "
        "where the sum is 0).",
        ("name", "place", "id", "share"),
        f"`name` is that of the {domain.parent}. Rows are ordered by `name`, then by `place`.",
        f"WITH placed AS (\n  SELECT c.id, c.{domain.key} AS owner, c.{domain.number} AS number,\n"
        f"         SUM(c.{domain.number}) OVER (PARTITION BY c.{domain.key}) AS total,\n"
        f"         ROW_NUMBER() OVER (\n           PARTITION BY c.{domain.key}\n"
        f"           ORDER BY c.{domain.number} {way}, c.{domain.day} DESC, c.id\n         ) AS place\n"
        f"  FROM {domain.children} AS c\n  WHERE {condition}\n)\n"
        "SELECT p.name, placed.place, placed.id,\n"
        "       CASE WHEN placed.total = 0 THEN 0 ELSE 100 * placed.number / placed.total END AS share\n"
        f"FROM placed\nJOIN {domain.parents} AS p ON p.id = placed.owner\nWHERE placed.place <= {most}\n"
        "ORDER BY p.name, placed.place",
    )


def _running(dice: Random, domain: Domain) -> Question:
    words, condition = _condition(dice, domain, "c.")
    limit = dice.randrange(4, 13) * 50
    return Question(
        f"Only {domain.children} count for which {words}. Those of a {domain.parent} follow each other by "
        f"`{domain.day}`, and on one day by `id`. For each {domain.parent}: with which one does the sum of "
        f"`{domain.number}`, of it and all before it, first reach {limit}? `steps` is how many there are up to it, "
        f"and `days` the number of days from the first one of that {domain.parent} to it. Those that never reach it "
        "are left out.",
        ("name", "id", "steps", "days"),
        f"`name` is that of the {domain.parent}. Rows are ordered by `days`, then by `name`.",
        f"WITH summed AS (\n  SELECT c.id, c.{domain.key} AS owner, c.{domain.day} AS day, c.{domain.number} AS "
        f"number,\n"
        f"         SUM(c.{domain.number}) OVER own AS total, ROW_NUMBER() OVER own AS steps,\n"
        f"         MIN(c.{domain.day}) OVER own AS first\n  FROM {domain.children} AS c\n  WHERE {condition}\n"
        f"  WINDOW own AS (PARTITION BY c.{domain.key} ORDER BY c.{domain.day}, c.id ROWS UNBOUNDED PRECEDING)\n)\n"
        "SELECT p.name, summed.id, summed.steps,\n"
        "       CAST(julianday(summed.day) - julianday(summed.first) AS INTEGER) AS days\n"
        f"FROM summed\nJOIN {domain.parents} AS p ON p.id = summed.owner\n"
        f"WHERE summed.total >= {limit} AND summed.total - summed.number < {limit}\nORDER BY days, p.name",
    )


QUESTIONS: dict[int, tuple[Callable[[Random, Domain], Question], ...]] = {
    1: (_rows,),
    2: (_joined,),
    3: (_per_parent, _per_group),
    4: (_without, _against_own),
    5: (_first_of_each, _running),
}
