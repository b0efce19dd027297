"""The files of one part, read whole, and held against the schema and against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

from claudebox_rl.errors import SchemaVersionError, TrajectoryError
from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory._storage import TABLES, TEXTS_SINCE
from claudebox_rl.trajectory.joining import references
from claudebox_rl.trajectory.schema import SCHEMAS
from claudebox_rl.trajectory.texts import text_id
from claudebox_rl.trajectory.upkeep.findings import Finding, Problem
from claudebox_rl.trajectory.upkeep.source import Source, batches, version_of

_NEEDED = {
    "episodes": ("episode_id", "parent_episode_id", "num_steps"),
    "steps": ("episode_id", "step_index"),
    "model_calls": ("episode_id", "call_id", "step_index", "parent_call_id", "copy_of"),
}
Row = dict[str, Any]


@dataclass(slots=True)
class Checked:
    """What was found in a part, and what others are held against."""

    findings: list[Finding] = field(default_factory=list[Finding])
    episode_ids: list[str] = field(default_factory=list[str])
    call_ids: list[str] = field(default_factory=list[str])


def check_part(source: Source) -> Checked:
    """Read all of a part, checksums included, and say what is wrong with it.

    Raises:
        TrajectoryError: The storage can't be read at all.
    """
    checked = Checked()
    rows: dict[str, list[Row]] = {}
    for name in _tables(source):
        where = f"{name}/{source.part}"
        if not source.storage.has(where):
            checked.findings.append(Finding(Problem.MISSING_TABLE, where, "is not there"))
            continue
        try:
            rows[name] = list(_rows(source, name, checked.findings))
        except SchemaVersionError as error:
            checked.findings.append(Finding(Problem.SCHEMA, where, str(error)))
        except TrajectoryError as error:
            checked.findings.append(Finding(Problem.DAMAGED, where, str(error)))
    if not checked.findings and "texts" in rows:
        checked.findings += _missing_texts(source)
    if all(name in rows for name in _NEEDED):
        checked.episode_ids = [row["episode_id"] for row in rows["episodes"]]
        checked.call_ids = [row["call_id"] for row in rows["model_calls"]]
        checked.findings += _against_each_other(source.part, rows)
    return checked


def _tables(source: Source) -> list[str]:
    """Return the tables that a part must have; of an unreadable one all."""
    try:
        has_texts = version_of(source) >= TEXTS_SINCE
    except TrajectoryError:
        has_texts = source.storage.has(f"texts/{source.part}")
    return [name for name in TABLES if name != "texts" or has_texts]


def _rows(source: Source, name: str, findings: list[Finding]) -> Generator[Row]:
    """Yield what the checks need of a table; all of it is read."""
    needed = _NEEDED.get(name, ())
    is_first = True
    for table in batches(source, name):
        if is_first:
            findings += _columns(f"{name}/{source.part}", name, table.schema)
            is_first = False
        if name == "texts":
            findings += _texts(f"texts/{source.part}", table)
        present = [column for column in needed if column in table.column_names]
        for row in table.select(present).to_pylist():
            yield {column: row.get(column) for column in needed}


def _columns(where: str, name: str, schema: Any) -> Generator[Finding]:
    for column in SCHEMAS[name]:
        if column.name not in schema.names:
            continue  # an older part; a reader fills it with null
        found = schema.field(column.name).type
        if not _fits(found, column.type):
            message = f"column {column.name!r} is {found} instead of {column.type}"
            yield Finding(Problem.SCHEMA, where, message)


def _texts(where: str, table: Table) -> Generator[Finding]:
    for row in table.to_pylist():
        if text_id(row["text"]) != row["text_id"]:
            yield Finding(Problem.DAMAGED, where, f"text {row['text_id']} is not what was stored", row["episode_id"])


def _fits(found: Any, expected: Any) -> bool:
    """Whether a type is read as the expected one: equal, or strings of either length, or structs with fewer fields."""
    if pa.types.is_struct(expected) and pa.types.is_struct(found):
        known = {each.name: each.type for each in expected}
        return all(each.name not in known or _fits(each.type, known[each.name]) for each in found)
    if _is_list(expected) and _is_list(found):
        return _fits(found.value_type, expected.value_type)
    return found == expected or (_is_string(found) and _is_string(expected))


def _is_list(kind: Any) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _is_string(kind: Any) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _missing_texts(source: Source) -> Generator[Finding]:
    """Look for what rows and texts refer to, and no text of the part is."""
    known: set[str] = set()
    used: set[str] = set()
    for table in batches(source, "texts"):
        known.update(table["text_id"].to_pylist())
        used |= references(table)
    for name in ("steps", "model_calls"):
        for table in batches(source, name):
            used |= references(table)
    for name in sorted(used - known):
        yield Finding(Problem.REFERENCE, f"texts/{source.part}", f"text {name} is missing")


def _against_each_other(part: str, rows: dict[str, list[Row]]) -> Generator[Finding]:
    episodes = {row["episode_id"]: row for row in rows["episodes"]}
    steps: dict[str, list[int]] = defaultdict(list)
    for row in rows["steps"]:
        steps[row["episode_id"]].append(row["step_index"])
    for name in ("steps", "model_calls"):
        yield from _together(f"{name}/{part}", [row["episode_id"] for row in rows[name]], episodes)
    for episode_id, episode in episodes.items():
        indexes = steps.get(episode_id, [])
        if indexes != list(range(len(indexes))):
            message = f"steps are numbered {indexes[:10]}, not from 0 on"
            yield Finding(Problem.ORDER, f"steps/{part}", message, episode_id)
        if episode["num_steps"] != len(indexes):
            message = f"num_steps is {episode['num_steps']}, and there are {len(indexes)} steps"
            yield Finding(Problem.SUM, f"episodes/{part}", message, episode_id)
    yield from _calls(f"model_calls/{part}", rows["model_calls"], episodes, steps)


def _together(where: str, ids: Iterable[str], episodes: dict[str, Row]) -> Generator[Finding]:
    ended: set[str] = set()
    before: str | None = None
    for episode_id in ids:
        if episode_id != before:
            if episode_id in ended:
                yield Finding(Problem.ORDER, where, "its rows do not lie together", episode_id)
            elif episode_id not in episodes:
                yield Finding(Problem.REFERENCE, where, "rows of an episode that is not in the part", episode_id)
            ended.add(episode_id)
        before = episode_id


def _calls(where: str, calls: list[Row], episodes: dict[str, Row], steps: dict[str, list[int]]) -> Generator[Finding]:
    own: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        own[call["episode_id"]].add(call["call_id"])
    for call in calls:
        episode_id = call["episode_id"]
        if call["step_index"] is not None and call["step_index"] not in steps.get(episode_id, ()):
            message = f"call {call['call_id']} was made in step {call['step_index']}, which is not there"
            yield Finding(Problem.REFERENCE, where, message, episode_id)
        if episodes.get(episode_id, {}).get("parent_episode_id"):
            continue  # a branch goes on from calls of its parent
        for column in ("parent_call_id", "copy_of"):
            if call[column] is not None and call[column] not in own[episode_id]:
                message = f"{column} of call {call['call_id']} is {call[column]}, which is not there"
                yield Finding(Problem.REFERENCE, where, message, episode_id)
