"""From finished journals to Parquet parts, so that a kill at any point loses no row and doubles none.

One committer at a time (a lock in the journal's folder) takes all that is finished, whoever wrote it:

1. claim: move a batch of finished journals into `journal/commit-<id>/`;
2. write the batch's three parts under temporary names, and sync them;
3. put them in place as `part-<id>.parquet`, `episodes` last;
4. delete the claim.

A killed committer's claim is taken up by the next one: if its `episodes` part is in place only step 4 is left (the
claim may be half deleted), else steps 2 and 3 are done again under the same names.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory.journal import FOLDER, SUFFIX, is_finished
from claudebox_rl.trajectory.quarantine import Quarantine
from claudebox_rl.trajectory.replay import Recorded, replay

if TYPE_CHECKING:
    from claudebox_rl.trajectory._arrow import Table

TABLES = ("model_calls", "steps", "episodes")
"""In the order in which a commit's parts are put in place."""
_BATCH_BYTES = 64 << 20
_CLAIM = "commit-"


def commit(dataset: Path) -> int:
    """Move every finished journal into the dataset's tables. Safe in any number of processes at once.

    Waits for another process's commit into the same dataset. Blocks for the time that it takes to write: in
    asynchronous code, call it in a thread.

    Args:
        dataset: The dataset's folder.

    Returns:
        Episodes that were put in place by this call.

    Raises:
        TrajectoryError: The disk is full or failed: finished journals stay, and the next call commits them. Or a
            journal was damaged: it is set aside as `<name>.damaged`, and all others are committed.
    """
    dataset = Path(dataset)
    journals = dataset / FOLDER
    if not journals.is_dir():
        return 0
    quarantine = Quarantine(journals)
    what = f"can't commit to {dataset} (finished episodes stay in {journals}, and the next commit takes them)"
    with boundary(TrajectoryError, what, dataset=str(dataset)), _disk.locked(journals / ".lock"):
        written = sum(_settle(dataset, claim, quarantine) for claim in _claims(journals))
    quarantine.report()
    return written


def _claims(journals: Path) -> Generator[Path]:
    yield from sorted(journals.glob(f"{_CLAIM}*"))
    finished = [path for path in sorted(journals.glob(f"*{SUFFIX}")) if is_finished(path)]
    for batch in _batches(finished):
        yield _claim(journals, batch)


def _batches(paths: Iterable[Path]) -> Generator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        batch.append(path)
        size += path.stat().st_size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _claim(journals: Path, batch: list[Path]) -> Path:
    claim = journals / f"{_CLAIM}{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"  # sorts by time, as a UUIDv7
    claim.mkdir()
    for path in batch:
        path.rename(claim / path.name)
    # Durable before any part is: a power cut must not bring a journal back beside its rows.
    _disk.sync_folder(claim)
    _disk.sync_folder(journals)
    return claim


def _settle(dataset: Path, claim: Path, quarantine: Quarantine) -> int:
    part = f"part-{claim.name.removeprefix(_CLAIM)}.parquet"
    written = 0 if (dataset / "episodes" / part).exists() else _write(dataset, part, claim, quarantine)
    shutil.rmtree(claim)
    return written


def _write(dataset: Path, part: str, claim: Path, quarantine: Quarantine) -> int:
    from claudebox_rl.trajectory import parquet  # costs 0.6 s: only whoever commits pays it

    batch: list[dict[str, Table]] = []
    for path in sorted(claim.glob(f"*{SUFFIX}")):
        with quarantine.of(path):
            batch.append(parquet.tables_of(_whole(path)))
    if not batch:
        return 0
    temporary = {name: dataset / name / f".{part}.inprogress" for name in TABLES}
    try:
        for name, path in temporary.items():
            path.parent.mkdir(exist_ok=True)
            parquet.write(parquet.concatenate(name, [tables[name] for tables in batch]), path)
        _disk.sync_folder(dataset)
        for path in temporary.values():
            path.replace(path.with_name(part))
            _disk.sync_folder(path.parent)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)  # gives a full disk its room back
    return len(batch)


def _whole(path: Path) -> Recorded:
    recorded = replay(path)
    if recorded.episode is None:
        raise TrajectoryError(f"{path} has an end but no episode", path=str(path))
    return recorded
