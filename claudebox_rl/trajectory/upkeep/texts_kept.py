"""The texts of some episodes of a part: what these refer to goes along, and nothing of the others does."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory.joining import references
from claudebox_rl.trajectory.texts import text_ids
from claudebox_rl.trajectory.upkeep.source import Source, batches
from claudebox_rl.trajectory.upkeep.texts_merging import Rows

Users = dict[str, str | None]
"""By text id the one kept episode that uses it; None: several do."""


def kept_texts(source: Source) -> Rows:
    """Return what yields the texts of a source, with who of its episodes uses each.

    Of a whole part they are as they are stored. Else reads all rows of the source and its part's texts once, and holds
    the ids of these.

    Raises:
        TrajectoryError: A file is damaged or gone.
    """
    if source.keep is None:
        return partial(batches, source, "texts")
    users = _users(source)

    def rows(columns: Sequence[str] | None) -> Generator[Table]:
        for table in batches(replace(source, keep=None), "texts", columns):
            names: list[str] = table["text_id"].to_pylist()
            kept = table.filter(pa.array([name in users for name in names], pa.bool_()))
            ids = pa.array([users[name] for name in names if name in users], pa.string())
            yield kept.set_column(kept.column_names.index("episode_id"), "episode_id", ids)

    return rows


def _users(source: Source) -> Users:
    within = _within(source)
    users: Users = {}
    for name in ("steps", "model_calls"):
        for table in batches(source, name):
            for episode_id, rows in _by_episode(table):
                for text in _reached(references(rows), within):
                    users[text] = episode_id if users.get(text, episode_id) == episode_id else None
    return users


def _within(source: Source) -> dict[str, list[str]]:
    """Return which texts each text of the whole part refers to, of those that refer to any."""
    within: dict[str, list[str]] = {}
    for table in batches(replace(source, keep=None), "texts", ["text_id", "text"]):
        for name, text in zip(table["text_id"].to_pylist(), table["text"].to_pylist(), strict=True):
            if found := text_ids(text):
                within[name] = found
    return within


def _by_episode(table: Table) -> Generator[tuple[str, Table]]:
    """Yield runs of rows of one episode."""
    ids: list[str] = table["episode_id"].to_pylist()
    start = 0
    for stop in range(1, len(ids) + 1):
        if stop == len(ids) or ids[stop] != ids[start]:
            yield ids[start], table.slice(start, stop - start)
            start = stop


def _reached(names: Iterable[str], within: Mapping[str, Sequence[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += within.get(name, ())
    return reached
