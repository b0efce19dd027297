"""What crashes left of a dataset: seen, and settled. What a living writer holds is neither."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import TABLES, Storage, journal_folder, local_folder
from claudebox_rl.trajectory.journal import SUFFIX, has_end
from claudebox_rl.trajectory.live import replaced, seen_parts
from claudebox_rl.trajectory.upkeep.clearing import orphans
from claudebox_rl.trajectory.upkeep.findings import Finding, Problem

_OLD_S = 24 * 60 * 60.0
"""From this age on, by the storage's clock, a part without its `episodes` is nobody's on an object store."""

_BEGUN = ".*.inprogress"
_SMALL = ("", "blobs/*/", "rescores/", "runs/")
"""Where files lie that are written on their own, each held by its writer until it has its name."""


@contextmanager
def no_commit(dataset: str | Path) -> Generator[bool]:
    """Keep commits of this host out, and tell whether none is going on."""
    journals = journal_folder(dataset)
    if not journals.is_dir():
        yield True
        return
    with _disk.held(journals / ".lock") as fd:
        yield fd is not None


def leftovers(dataset: str | Path, storage: Storage) -> list[Finding]:
    """Return what crashes left, in the dataset and in this host's journals.

    Raises:
        TrajectoryError: The storage can't be read.
    """
    found = [
        Finding(Problem.REPLACED, f"*/{part}", f"was compacted into {other}, and is still there")
        for part, other in replaced(storage, seen_parts(storage)).items()
    ]
    with no_commit(dataset) as is_quiet:
        if is_quiet:
            found += [
                Finding(Problem.ABANDONED, str(path), "the claim of a committer that died")
                for path in sorted(journal_folder(dataset).glob("commit-*"))
            ]
            found += [
                Finding(Problem.TEMPORARY, str(path), "was begun by a writer that died") for path in temporary(dataset)
            ]
            found += [
                Finding(Problem.ORPHAN, f"*/{part}", "has no `episodes`: its commit was killed")
                for part in dead_orphans(dataset, storage)
            ]
    return found + [
        Finding(Problem.ABANDONED, str(path), "the journal of an episode whose writer died", path.stem)
        for path in abandoned_journals(dataset)
    ]


def abandoned_journals(dataset: str | Path) -> list[Path]:
    """Return the unfinished journals that nobody writes."""
    found: list[Path] = []
    for path in sorted(journal_folder(dataset).glob(f"*{SUFFIX}")):
        with _disk.abandoned(path) as fd:
            if fd is not None and not has_end(fd):
                found.append(path)
    return found


def temporary(dataset: str | Path) -> list[Path]:
    """Return files that were begun by writers that died; of tables, with no commit and no compaction going on."""
    folder = local_folder(dataset)
    if folder is None:
        return []  # an object is there when it is whole
    begun = (path for table in TABLES for path in (folder / table).glob(_BEGUN))
    small = (path for where in _SMALL for path in folder.glob(f"{where}{_BEGUN}") if _is_abandoned(path))
    return sorted([*begun, *small])


def _is_abandoned(path: Path) -> bool:
    with _disk.abandoned(path) as fd:
        return fd is not None


def dead_orphans(dataset: str | Path, storage: Storage) -> list[str]:
    """Return the parts that never counted and that nobody is about to finish: claims of this host are left out."""
    claimed = {f"part-{path.name.removeprefix('commit-')}.parquet" for path in journal_folder(dataset).glob("commit-*")}
    found = orphans(storage, seen_parts(storage)) - claimed
    if local_folder(dataset) is None:
        found &= _old(storage)
    return sorted(found)


def _old(storage: Storage) -> set[str]:
    times = [storage.names(table) for table in TABLES]
    now = max((at for names in [*times, storage.names("runs/.upkeep.drivers")] for at in names.values()), default=0.0)
    newest = {name: max(names.get(name, 0.0) for names in times) for names in times for name in names}
    return {name for name, at in newest.items() if now - at > _OLD_S}
