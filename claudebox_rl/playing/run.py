"""A run: its record beside the dataset's tables, and its beginning, the same for the first start and all later ones."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from claudebox_rl.errors import ConfigError, TrajectoryError, boundary
from claudebox_rl.playing.resume import differing, plan_digest, what_is_left
from claudebox_rl.trajectory import Storage, commit, driving, load_dataset, set_aside, storage_of
from claudebox_rl.types import EpisodeRequest, Outcome

RECORD_VERSION = 1
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `runs/<run_id>.json` says of a run."""

    run_id: str
    settings: dict[str, Any]
    """Resolved, of the last start; JSON, no secrets."""
    overrides: tuple[str, ...] = ()
    """What the user changed on the command line."""
    num_episodes: int = 0
    """Of the plan."""
    plan_digest: str = ""
    code_version: str = field(default_factory=lambda: version("claudebox_rl"))
    started_at: float = field(default_factory=time.time)
    """Seconds since the epoch, of the first start."""
    record_version: int = RECORD_VERSION


@contextmanager
def opened_run(
    dataset: str | Path, record: RunRecord, requests: Sequence[EpisodeRequest], *, max_attempts: int
) -> Generator[list[EpisodeRequest]]:
    """Begin a run, or go on with it: hold it, store its record, and give what is to be played.

    What a killed driver left is put in order first: finished episodes are committed, half played ones set aside.

    Args:
        dataset: The dataset's folder or URI.
        record: Id and settings of this start.
        requests: The whole plan, which the same settings give again.
        max_attempts: Of each episode.

    Raises:
        ConfigError: The id is not plain, the run has other settings or other tasks, or it is being driven by another
            process; the message says which, and what to do.
        TrajectoryError: The storage can't be read or written.
    """
    check_run_id(record.run_id)
    with driving(dataset, record.run_id):
        _agree(storage_of(dataset), dataset, record, requests)
        set_aside(dataset, record.run_id)
        commit(dataset)
        yield what_is_left(requests, _outcomes(dataset, record.run_id), max_attempts)


def check_run_id(run_id: str) -> None:
    """Refuse an id that can't be part of file names.

    Raises:
        ConfigError: It is not plain.
    """
    if not _PLAIN_ID.fullmatch(run_id):
        raise ConfigError(
            f"run={run_id!r} is not a plain name: use up to 64 letters, digits, '.', '_' and '-'", run_id=run_id
        )


def stored_run(dataset: str | Path, run_id: str | None = None) -> RunRecord:
    """Return the record of a run.

    Args:
        dataset: The dataset's folder or URI.
        run_id: Of the run; None: of the only one there.

    Raises:
        ConfigError: There is no such run, or several; the message names those that are there.
        TrajectoryError: The storage can't be read, or the record is damaged.
    """
    storage = storage_of(dataset)
    with boundary(TrajectoryError, f"can't look for runs in {dataset}"):
        known = [name.removesuffix(".json") for name in storage.names("runs") if name.endswith(".json")]
    chosen = known if run_id is None else [name for name in known if name == run_id]
    if len(chosen) != 1:
        asked = f"run {run_id!r}" if run_id else "one run" if known else "run"
        there = f"; there are {', '.join(known)}: choose one by run=" if known else ""
        raise ConfigError(f"no {asked} in {dataset}{there}", dataset=str(dataset))
    record = _read(storage, chosen[0])
    assert record is not None
    return record


def _read(storage: Storage, run_id: str) -> RunRecord | None:
    name = f"runs/{run_id}.json"
    with boundary(TrajectoryError, f"can't read {storage}/{name}"):
        data = storage.read(name)
        if data is None:
            return None
        stored = json.loads(data)
        known = {f.name for f in fields(RunRecord)}
        return RunRecord(**{key: value for key, value in stored.items() if key in known})


def _agree(storage: Storage, dataset: str | Path, record: RunRecord, requests: Sequence[EpisodeRequest]) -> None:
    """Hold this start against earlier ones, and store its record."""
    stored = _read(storage, record.run_id)
    if stored is not None:
        _check_same(stored, record, requests, dataset)
        record = replace(record, started_at=stored.started_at)
    record = replace(record, num_episodes=len(requests), plan_digest=plan_digest(requests))
    with boundary(TrajectoryError, f"can't write to {dataset}"):
        storage.write(f"runs/{record.run_id}.json", json.dumps(asdict(record), indent=1, default=str).encode())


def _check_same(stored: RunRecord, record: RunRecord, requests: Sequence[EpisodeRequest], dataset: str | Path) -> None:
    advice = f"go on with the settings of before (claudebox-rl rollout --resume {dataset}), or choose another run="
    if changed := differing(stored.settings, record.settings):
        listed = ", ".join(
            f"{name} ({before!r} before, {now!r} now)" for name, (before, now) in sorted(changed.items())
        )
        raise ConfigError(f"run {record.run_id!r} was started with other settings: {listed}; {advice}", keys=[*changed])
    if plan_digest(requests[: stored.num_episodes]) != stored.plan_digest:
        raise ConfigError(
            f"run {record.run_id!r} was started with other tasks, though the settings are the same "
            f"(claudebox_rl {stored.code_version} before, {record.code_version} now): {advice}"
        )


def _outcomes(dataset: str | Path, run_id: str) -> dict[str, Outcome]:
    if not storage_of(dataset).names("episodes"):
        return {}
    rows = load_dataset(dataset).episodes.select(["episode_id", "run_id", "outcome"]).to_pylist()
    return {row["episode_id"]: Outcome(row["outcome"]) for row in rows if row["run_id"] == run_id}
