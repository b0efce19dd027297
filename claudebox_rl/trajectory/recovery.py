"""Episodes whose writer died: closed, with the steps that they had, or set aside to be played anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from claudebox_rl.call_types import distinct, total_usage
from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import journal_folder
from claudebox_rl.trajectory.journal import END, SUFFIX, encode, has_end
from claudebox_rl.trajectory.quarantine import Quarantine
from claudebox_rl.trajectory.replay import Recorded, replay
from claudebox_rl.trajectory.rows import call_of, episode_row, step_of
from claudebox_rl.types import Episode, ModelCall, Outcome, Step

_TOLD = {f.name for f in fields(Episode)} - {"episode_id", "outcome", "episode_return", "rewards", "usage"}


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An episode that nobody ended."""

    episode_id: str
    facts: dict[str, Any]
    """As given to `EpisodeJournal.add_start`."""
    steps: tuple[Step, ...]
    model_calls: tuple[ModelCall, ...]
    opened_at: float
    """Seconds since the epoch, when the journal was opened."""
    last_record_at: float
    """Seconds since the epoch, when the journal last grew."""


def interrupted_episode(interrupted: Interrupted, outcome: Outcome = Outcome.INFRA_ERROR) -> Episode:
    """Say what is known of an interrupted episode: the facts of its start, and sums over its steps and calls."""
    facts: dict[str, Any] = {"run_id": "", "task_id": "", "started_at": interrupted.opened_at}
    facts |= {name: value for name, value in interrupted.facts.items() if name in _TOLD}
    terms: dict[str, float] = {}
    for step in interrupted.steps:
        for name, value in step.reward_terms.items():
            terms[name] = terms.get(name, 0.0) + value
    episode = Episode(
        **facts,
        episode_id=interrupted.episode_id,
        outcome=outcome,
        episode_return=None,
        rewards=terms,
        usage=total_usage(interrupted.model_calls),
    )
    return replace(
        episode,
        overrides=tuple(episode.overrides),
        num_steps=len(interrupted.steps),
        num_turns=sum(call.agent_path == "main" for call in distinct(interrupted.model_calls)),
        cost_usd=sum(call.cost_usd or 0.0 for call in distinct(interrupted.model_calls)),
        error_type="Interrupted",
        error_message=f"the process that played it ended first; {len(interrupted.steps)} steps were recorded",
        ended_at=max(episode.started_at, interrupted.last_record_at),
    )


def recover(
    dataset: str | Path,
    make_episode: Callable[[Interrupted], Episode] = interrupted_episode,
    *,
    run_id: str | None = None,
) -> tuple[Episode, ...]:
    """Finish the journals whose writer is dead, so that the next `commit` takes them.

    A journal whose writer is alive is never touched. One in which nothing was recorded is removed.

    Args:
        dataset: The dataset's folder or URI; of journals, those on this host.
        make_episode: Says how such an episode ended; `partial(interrupted_episode, outcome=Outcome.CANCELLED)` where
            somebody stopped it.
        run_id: Only the episodes of this run; None: of all.

    Returns:
        The episodes that were finished here.

    Raises:
        TrajectoryError: A journal is damaged (it is set aside as `<name>.damaged`, the others are finished), or the
            disk failed.
    """
    closed: list[Episode] = []
    quarantine = Quarantine()
    with boundary(TrajectoryError, f"can't recover {dataset}", dataset=str(dataset)):
        for path in sorted(journal_folder(dataset).glob(f"*{SUFFIX}")):
            with _disk.abandoned(path) as fd, quarantine.of(path):
                if fd is None or has_end(fd) or not _is_of(path, run_id):
                    continue
                if episode := _finish(fd, path, make_episode):
                    closed.append(episode)
    quarantine.report()
    return tuple(closed)


def set_aside(dataset: str | Path, run_id: str, *, also_finished: bool = False) -> tuple[str, ...]:
    """Take what dead writers of a run left unfinished out of the way, so that the same episodes can be played anew.

    Each such journal is kept as `<name>.interrupted`, which nothing reads, until its episode is interrupted again.

    Args:
        dataset: The dataset's folder or URI; of journals, those on this host.
        run_id: The run, which nobody is playing now.
        also_finished: Also what is finished and was not committed, since it is being played anew elsewhere.

    Returns:
        The episodes' ids.

    Raises:
        TrajectoryError: A journal is damaged (it is set aside as `<name>.damaged`), or the disk failed.
    """
    found: list[str] = []
    quarantine = Quarantine()
    journals = journal_folder(dataset)
    with boundary(TrajectoryError, f"can't set aside journals of {dataset}", dataset=str(dataset)):
        claimed = journals.glob(f"*/*{SUFFIX}") if also_finished else ()
        for path in sorted([*journals.glob(f"*{SUFFIX}"), *claimed]):
            with _disk.abandoned(path) as fd, quarantine.of(path):
                if fd is None or (has_end(fd) and not also_finished):
                    continue
                if _is_of(path, run_id):
                    path.replace(journals / f"{path.name}.interrupted")
                    found.append(path.stem)
    quarantine.report()
    return tuple(found)


def _is_of(path: Path, run_id: str | None) -> bool:
    """Whether a journal is a run's; one that tells of none may be any run's."""
    return run_id is None or replay(path).facts.get("run_id", run_id) == run_id


def _finish(fd: int, path: Path, make_episode: Callable[[Interrupted], Episode]) -> Episode | None:
    recorded = replay(path)
    if recorded.is_empty:
        path.unlink()
        return None
    episode = None
    records: list[dict[str, Any]] = [END]
    if recorded.episode is None:
        episode = make_episode(_interrupted(recorded, path.stat().st_mtime))
        records.insert(0, {"kind": "episode", "row": episode_row(episode)})
    os.ftruncate(fd, recorded.size)
    _disk.append(fd, encode(*records), recorded.size)
    os.fsync(fd)
    _disk.sync_folder(path.parent)
    return episode


def _interrupted(recorded: Recorded, modified_at: float) -> Interrupted:
    return Interrupted(
        episode_id=recorded.episode_id,
        facts=recorded.facts,
        steps=tuple(map(step_of, recorded.steps)),
        model_calls=tuple(map(call_of, recorded.calls)),
        opened_at=recorded.opened_at,
        last_record_at=max(recorded.opened_at, modified_at),  # the clock of files lags by up to a tick
    )
