"""Rewards that were computed anew of stored episodes: a small table beside the others, joined on read.

One part for each batch of results: `rescores/part-<time><random>.parquet`. Rows are only ever added; of several with
one name and episode the newest counts.
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


def read_rescores(storage: Storage) -> Table:
    """Return all rows, oldest first; an empty table where nothing was judged anew.

    Raises:
        TrajectoryError: A part is damaged.
    """
    with boundary(TrajectoryError, f"can't look into {storage}/{FOLDER}"):
        parts = [f"{FOLDER}/{part}" for part in storage.names(FOLDER) if part.endswith(".parquet")]
    empty = pa.Table.from_batches([], SCHEMA)
    tables = [parquet.read(storage, part) for part in parts]
    return pa.concat_tables([empty, *tables], promote_options="permissive").sort_by("at")


def done(rows: Table, rescore_id: str) -> dict[str, str | None]:
    """Return the episodes that were judged with these settings, each with the hash of its task's folder."""
    columns = ("rescore_id", "episode_id", "error_type", "task_sha256")
    found: dict[str, str | None] = {}
    for row in rows.select(columns).to_pylist():
        if row["rescore_id"] == rescore_id:
            found.pop(row["episode_id"], None)
            if row["error_type"] is None:
                found[row["episode_id"]] = row["task_sha256"]
    return found


def joined(episodes: Table, rows: Table, name: str) -> Table:
    """Return `episodes` with the columns `rescored.<name>.<column>`; null where an episode has no row of that name.

    Raises:
        TrajectoryError: No episode has; the message names those that there are.
    """
    newest = {row["episode_id"]: row for row in rows.to_pylist() if row["name"] == name}
    if not newest:
        known = ", ".join(sorted(set(rows["name"].to_pylist()))) or "none"
        raise TrajectoryError(f"nothing was rescored under the name {name!r}; there is: {known}", name=name)
    ordered = [newest.get(episode_id) for episode_id in episodes["episode_id"].to_pylist()]
    for column in SCHEMA:
        if column.name not in ("episode_id", "name"):
            values = [row and row[column.name] for row in ordered]
            episodes = episodes.append_column(f"rescored.{name}.{column.name}", pa.array(values, column.type))
    return episodes


def _row(rescore: Rescore) -> dict[str, Any]:
    row = {name: getattr(rescore, name) for name in SCHEMA.names}
    for name in ("rewards", "verifier_rewards"):
        row[name] = None if row[name] is None else _pairs(row[name].items())
    return valid_row(row)


def _pairs(terms: Iterable[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"name": name, "value": float(value)} for name, value in terms]
