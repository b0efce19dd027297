"""Rewards that were computed anew of stored episodes: a small table beside the others, joined on read.

One part for each batch of results: `rescores/part-<time><random>.parquet`. Rows are only ever added; of several with
one name and episode the newest counts.
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory._storage import Storage, storage_of
from claudebox_rl.trajectory.rows import valid_row
from claudebox_rl.trajectory.schema import NAMED_NUMBERS, VERSION_METADATA

FOLDER = "rescores"
SCHEMA = pa.schema(
    [
        ("rescore_id", pa.string()),
        ("name", pa.string()),
        ("episode_id", pa.string()),
        ("episode_return", pa.float64()),
        ("rewards", NAMED_NUMBERS),
        ("reason", pa.large_string()),
        ("error_type", pa.string()),
        ("verifier", pa.string()),
        ("verifier_reward", pa.float64()),
        ("verifier_rewards", NAMED_NUMBERS),
        ("verifier_output", pa.large_string()),
        ("verifier_exit_code", pa.int64()),
        ("verify_s", pa.float64()),
        ("task_sha256", pa.string()),
        ("settings", pa.large_string()),
        ("code_version", pa.string()),
        ("at", pa.float64()),
    ],
    metadata=VERSION_METADATA,
)
"""Meaning, units and nulls are in docs/dataset.md."""


@dataclass(frozen=True, slots=True)
class Rescore:
    """One episode, judged anew."""

    rescore_id: str
    """The same for the same settings: a rescoring that is started again skips what has it."""
    name: str
    episode_id: str
    episode_return: float | None = None
    """None where there is no number; `reason` says why."""
    rewards: Mapping[str, float] = field(default_factory=dict[str, float])
    reason: str | None = None
    error_type: str | None = None
    """Of what failed on the way; None where the episode itself lacks the evidence. It is tried again the next time."""
    verifier: str | None = None
    """Whose verdict counted: `anew`, or `stored`."""
    verifier_reward: float | None = None
    verifier_rewards: Mapping[str, float] | None = None
    verifier_output: str | None = None
    verifier_exit_code: int | None = None
    verify_s: float | None = None
    task_sha256: str | None = None
    """Of the task's folder, by which the verdict was given."""
    settings: str = "{}"
    """JSON."""
    code_version: str = ""
    at: float = 0.0
    """Seconds since the epoch."""


def write_rescores(dataset: str | Path, rescores: Sequence[Rescore]) -> None:
    """Add results to a dataset, all of them or none.

    Raises:
        TrajectoryError: Disk or server failed.
    """
    if not rescores:
        return
    table = pa.Table.from_pylist([_row(each) for each in rescores], schema=SCHEMA)
    file = io.BytesIO()
    parquet.write(table, file)
    name = f"{FOLDER}/part-{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}.parquet"
    with boundary(TrajectoryError, f"can't write {dataset}/{name}"):
        storage_of(dataset).write(name, file.getvalue())


def done(storage: Storage, rescore_id: str) -> dict[str, str | None]:
    """Return the episodes that were judged with these settings, each with the hash of its task's folder.

    Raises:
        TrajectoryError: A part is damaged.
    """
    newest: dict[str, dict[str, Any]] = {}
    for _, rows in _read(storage, ("rescore_id", "episode_id", "error_type", "task_sha256", "at")):
        for row in rows.to_pylist():
            before = newest.get(row["episode_id"])
            if row["rescore_id"] == rescore_id and (before is None or row["at"] >= before["at"]):
                newest[row["episode_id"]] = row
    return {name: row["task_sha256"] for name, row in newest.items() if row["error_type"] is None}


class Results:
    """The newest result of each episode under a name, found by its part: the results themselves stay in their files.

    Args:
        storage: The dataset's.
        name: Of the column set.

    Raises:
        TrajectoryError: There is none under this name (the message names those that there are), or a part is damaged.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self._name = storage, name
        self._places: dict[str, tuple[str, int]] = {}
        self._held: dict[str, Table] = {}
        at: dict[str, float] = {}
        known: set[str] = set()
        for part, rows in _read(storage, ("name", "episode_id", "at")):
            for index, row in enumerate(rows.to_pylist()):
                known.add(row["name"])
                episode_id = row["episode_id"]
                if row["name"] == name and row["at"] >= at.get(episode_id, row["at"]):
                    self._places[episode_id], at[episode_id] = (part, index), row["at"]
        if not self._places:
            told = ", ".join(sorted(known)) or "none"
            raise TrajectoryError(f"nothing was rescored under the name {name!r}; there is: {told}", name=name)

    def joined(self, episodes: Table, ids: Sequence[str]) -> Table:
        """Return episodes with the columns `rescored.<name>.<column>`; null where one has no result.

        Args:
            episodes: Any columns of them.
            ids: Theirs.
        """
        places = [self._places.get(episode_id) for episode_id in ids]
        parts = list(dict.fromkeys(place[0] for place in places if place is not None))
        self._held = {part: self._held[part] if part in self._held else self._read_part(part) for part in parts}
        starts = dict(zip(parts, accumulate((self._held[part].num_rows for part in parts), initial=0), strict=False))
        rows = [None if place is None else starts[place[0]] + place[1] for place in places]
        stacked = pa.concat_tables([SCHEMA.empty_table(), *self._held.values()], promote_options="permissive")
        taken = stacked.take(pa.array(rows, pa.int64()))
        for column in SCHEMA.names:
            if column not in ("episode_id", "name"):
                episodes = episodes.append_column(f"rescored.{self._name}.{column}", taken[column])
        return episodes

    def _read_part(self, part: str) -> Table:
        return parquet.read(self._storage, part)


def _read(storage: Storage, columns: Sequence[str]) -> Generator[tuple[str, Table]]:
    """Yield each part with some of its columns, oldest first."""
    with boundary(TrajectoryError, f"can't look into {storage}/{FOLDER}"):
        parts = [f"{FOLDER}/{part}" for part in storage.names(FOLDER) if part.endswith(".parquet")]
    for part in parts:
        yield part, parquet.read(storage, part, columns=columns)


def _row(rescore: Rescore) -> dict[str, Any]:
    row = {name: getattr(rescore, name) for name in SCHEMA.names}
    for name in ("rewards", "verifier_rewards"):
        row[name] = None if row[name] is None else _pairs(row[name].items())
    return valid_row(row)


def _pairs(terms: Iterable[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"name": name, "value": float(value)} for name, value in terms]
