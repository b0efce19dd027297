"""From finished journals to Parquet parts, so that a kill at any point loses no row and doubles none.

One committer at a time (a lock in the journal's folder) takes all that is finished, whoever wrote it:

1. claim: move a batch of finished journals into `journal/commit-<id>/`;
2. put the batch in place, whole, as `part-<id>.parquet` of each table, `episodes` last;
3. delete the claim.

A killed committer's claim is taken up by the next one on its host: if its `episodes` part is in place, or was compacted
into another since, only step 3 is left (the claim may be half deleted), else step 2 is done again under the same names.
Readers count an episode where its
`episodes` part is there. Ids are random, so hosts that commit into one storage do not meet.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import cast

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import Storage, journal_folder, storage_of
from claudebox_rl.trajectory.journal import SUFFIX, is_finished
from claudebox_rl.trajectory.live import compacted_into, read_live
from claudebox_rl.trajectory.quarantine import Quarantine
from claudebox_rl.trajectory.replay import replay
from claudebox_rl.trajectory.texts import Rests, Texts

_BATCH_BYTES = 64 << 20
_CLAIM = "commit-"


def commit(dataset: str | Path) -> int:
    """Move every finished journal of this host into the dataset's tables. Safe in any number of processes at once.

    Waits for another process's commit into the same dataset. Blocks for the time that it takes to write: in
    asynchronous code, call it in a thread.

    Args:
        dataset: The dataset's folder or URI.

    Returns:
        Episodes that were put in place by this call.

    Raises:
        ConfigError: Nothing here can write to such a URI.
        TrajectoryError: The disk is full, or disk or server failed: finished journals stay, and the next call commits
            them. Or a journal was damaged: it is set aside as `<name>.damaged`, and all others are committed.
    """
    journals = journal_folder(dataset)
    if not journals.is_dir():
        return 0
    quarantine = Quarantine(journals)
    what = f"can't commit to {dataset} (finished episodes stay in {journals}, and the next commit takes them)"
    with boundary(TrajectoryError, what, dataset=str(dataset)), _disk.locked(journals / ".lock"):
        storage = storage_of(dataset)
        written = sum(_settle(storage, claim, quarantine, is_old) for claim, is_old in _claims(journals))
    quarantine.report()
    return written


def _claims(journals: Path) -> Generator[tuple[Path, bool]]:
    """Yield claims, and whether a killed committer left them."""
    yield from ((claim, True) for claim in sorted(journals.glob(f"{_CLAIM}*")))
    finished = [path for path in sorted(journals.glob(f"*{SUFFIX}")) if is_finished(path)]
    for batch in _batches(finished):
        yield _claim(journals, batch), False


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


def _settle(storage: Storage, claim: Path, quarantine: Quarantine, is_old: bool) -> int:
    part = f"part-{claim.name.removeprefix(_CLAIM)}.parquet"
    is_stored = is_old and (storage.has(f"episodes/{part}") or _was_compacted(storage, part, claim))
    written = 0 if is_stored else _write(storage, part, claim, quarantine)
    shutil.rmtree(claim)
    return written


def _was_compacted(storage: Storage, part: str, claim: Path) -> bool:
    """Whether the part of a claim was in place, and was put into another since."""
    from claudebox_rl.trajectory import parquet

    claimed = {path.stem for path in claim.glob(f"*{SUFFIX}")}

    def holds(live: Iterable[str]) -> bool:
        tables = (parquet.read(storage, f"episodes/{name}", columns=["episode_id"]) for name in live)
        return any(claimed & set(table["episode_id"].to_pylist()) for table in tables)

    return read_live(storage, lambda live: holds(compacted_into(live, part)))


def _write(storage: Storage, part: str, claim: Path, quarantine: Quarantine) -> int:
    from claudebox_rl.trajectory.gathering import PartTables  # costs 0.6 s: only whoever commits pays it

    gathered, rests = PartTables(quarantine.set_aside), cast("Rests", {})
    for path in sorted(claim.glob(f"*{SUFFIX}")):
        with quarantine.of(path):
            texts = Texts(rests)
            gathered.add(replay(path, texts), texts)
    tables = gathered.tables()
    written: int = tables["episodes"].num_rows
    if written:
        storage.put(part, tables)
    return written
