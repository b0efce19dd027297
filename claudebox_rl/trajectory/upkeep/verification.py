"""A dataset held against what it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from pathlib import Path

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._storage import Storage, storage_of
from claudebox_rl.trajectory.live import live_parts, seen_parts
from claudebox_rl.trajectory.upkeep.findings import Finding, Problem
from claudebox_rl.trajectory.upkeep.leftovers import leftovers


def verify(dataset: str | Path) -> list[Finding]:
    """Read all of a dataset and return what is wrong with it, and what crashes left; nothing where all is well.

    Safe beside writers: what a living one holds is no finding. Changes nothing.

    Args:
        dataset: Its folder or URI; of journals, those on this host are looked at.

    Raises:
        ConfigError: Nothing here reads such a URI.
        TrajectoryError: The storage can't be read.
    """
    storage = storage_of(dataset)
    with boundary(TrajectoryError, f"can't verify {dataset}", dataset=str(dataset)):
        return [*parts_findings(storage), *blobs_findings(storage), *leftovers(dataset, storage)]


def blobs_findings(storage: Storage) -> list[Finding]:
    """Return what is wrong with the contents that episodes left in their workspaces."""
    from claudebox_rl.trajectory.upkeep.blob_checking import check_blobs

    return list(check_blobs(storage))


def parts_findings(storage: Storage) -> list[Finding]:
    """Return what is wrong with the parts that count."""
    from claudebox_rl.trajectory.upkeep.checking import check_part
    from claudebox_rl.trajectory.upkeep.source import Source

    findings: list[Finding] = []
    episodes: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for part in live_parts(storage):
        checked = check_part(Source(storage, part))
        if checked.findings and part not in seen_parts(storage):
            return parts_findings(storage)  # compacted away while it was read
        findings += checked.findings
        episodes.update(checked.episode_ids)
        calls.update(checked.call_ids)
    return [*findings, *_doubled("episode", episodes), *_doubled("call", calls)]


def _doubled(what: str, counts: Counter[str]) -> Generator[Finding]:
    for name, count in counts.items():
        if count > 1:
            episode_id = name if what == "episode" else None
            message = f"{what} {name} is there {count} times"
            yield Finding(Problem.DOUBLED, "episodes" if what == "episode" else "model_calls", message, episode_id)
