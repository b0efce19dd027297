"""What a crash left, settled; what is damaged, moved aside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._storage import TABLES, Storage, storage_of
from claudebox_rl.trajectory.recovery import recover
from claudebox_rl.trajectory.store import commit
from claudebox_rl.trajectory.upkeep.clearing import clear_replaced, drop
from claudebox_rl.trajectory.upkeep.findings import Finding, Problem
from claudebox_rl.trajectory.upkeep.leftovers import dead_orphans, no_commit, temporary
from claudebox_rl.trajectory.upkeep.turn import turn
from claudebox_rl.trajectory.upkeep.verification import blobs_findings, parts_findings, verify

_UNREADABLE = (Problem.DAMAGED, Problem.MISSING_TABLE)


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done, and what is left."""

    done: tuple[str, ...]
    """A sentence each."""
    left: tuple[Finding, ...]
    """What `verify` finds afterwards: what no rule can settle without losing rows."""


def repair(dataset: str | Path) -> Repair:
    """Finish or remove what crashes left, and move damaged parts aside; see `verify` for what can be wrong.

    Journals of dead writers become episodes that ended in `infra_error`, finished ones are committed, compactions are
    finished, and files that never counted are removed. A part that can't be read gets names that end in `.damaged`: its
    episodes count no more, and nothing of them is deleted. So does a blob that is not what was stored: whoever has its
    content again stores it anew. What a living writer holds is left alone.

    Args:
        dataset: Its folder or URI; of journals, those on this host.

    Raises:
        TrajectoryError: Somebody else puts the dataset in order, or the storage can't be read or written.
    """
    done: list[str] = []
    with turn(dataset), boundary(TrajectoryError, f"can't repair {dataset}", dataset=str(dataset)):
        storage = storage_of(dataset)
        storage.check_removal()
        done += _move_aside(storage)
        done += _move_blobs_aside(storage)
        done += [f"removed {part}, which was compacted into another" for part in clear_replaced(storage)]
        done += _journals(dataset)
        done += _remove(dataset, storage)
        left = verify(dataset)
    return Repair(tuple(done), tuple(left))


def _journals(dataset: str | Path) -> list[str]:
    done: list[str] = []
    try:
        done += [f"closed episode {each.episode_id}, whose writer died" for each in recover(dataset)]
    except TrajectoryError as error:  # a damaged journal, which is aside now
        done.append(str(error))
    try:
        if written := commit(dataset):
            done.append(f"committed {written} episodes")
    except TrajectoryError as error:
        done.append(str(error))
    return done


def _remove(dataset: str | Path, storage: Storage) -> list[str]:
    done: list[str] = []
    with no_commit(dataset) as is_quiet:
        if not is_quiet:
            return done
        for path in temporary(dataset):
            path.unlink(missing_ok=True)
            done.append(f"removed {path}, which a dead writer had begun")
        parts = dead_orphans(dataset, storage)
        drop(storage, parts)
    return done + [f"removed {part}, which never counted: its commit was killed" for part in parts]


def _move_aside(storage: Storage) -> list[str]:
    broken = {each.where.rpartition("/")[2]: each for each in parts_findings(storage) if each.problem in _UNREADABLE}
    for part in broken:
        for table in reversed(TABLES):  # `episodes` first: it counts no more
            if storage.has(f"{table}/{part}"):
                storage.move(f"{table}/{part}", f"{part}.damaged")
    return [f"moved {part} aside as .damaged: {why.message}" for part, why in broken.items()]


def _move_blobs_aside(storage: Storage) -> list[str]:
    broken = [each for each in blobs_findings(storage) if each.problem is Problem.DAMAGED]
    for each in broken:
        storage.move(each.where, f"{each.where.rpartition('/')[2]}.damaged")
    return [f"moved {each.where} aside as .damaged: {each.message}" for each in broken]
