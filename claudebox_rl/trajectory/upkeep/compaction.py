"""Many small parts made into few.

Commits and readers go on meanwhile, and it may be killed at any point:

1. what an earlier one left is finished: parts that were replaced are removed;
2. a run of up to 200 small parts is written as one part, `episodes` last, of which the metadata names what it
   replaces: from here on readers take it, and leave those out (see `live`);
3. those are removed, `episodes` first; 2 and 3 go on until no small parts lie beside each other.

No step needs more of a storage than that one file is there whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.errors import ConfigError, TrajectoryError, boundary
from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import TABLES, Storage, journal_folder, storage_of
from claudebox_rl.trajectory.live import is_compacted, live_parts, replaces, span
from claudebox_rl.trajectory.upkeep.clearing import clear_replaced, drop
from claudebox_rl.trajectory.upkeep.plan import TARGET_BYTES, compacted_name, neighbours
from claudebox_rl.trajectory.upkeep.turn import turn

_REMEMBERED_MS = 24 * 60 * 60 * 1000
"""For so long a name stays forbidden, though what replaced it was replaced too: a late PUT may come again."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """What was done."""

    parts_before: int
    parts_after: int
    bytes_before: int
    """Of all parts that count."""
    bytes_after: int


def compact(dataset: str | Path, *, target_bytes: int = TARGET_BYTES) -> Compaction:
    """Put small neighbouring parts together. Rows stay as they are, in their order.

    Safe beside commits and readers, and to be killed: the next call goes on. Readers that look for files themselves see
    rows twice while it works. Blocks; in asynchronous code, call it in a thread.

    Args:
        dataset: The dataset's folder or URI.
        target_bytes: Of a part's files together; parts of half of it are left as they are. Memory is bounded by it on
            object stores, and by a row group (16 MiB) elsewhere.

    Raises:
        ConfigError: `target_bytes` is not positive.
        TrajectoryError: Somebody else is at it, a part is damaged (`verify` tells which), or the disk or server failed.
    """
    if target_bytes < 1:
        raise ConfigError(f"target_bytes is {target_bytes}: at least 1")
    with turn(dataset), boundary(TrajectoryError, f"can't compact {dataset}", dataset=str(dataset)):
        storage = storage_of(dataset)
        storage.check_removal()
        clear_replaced(storage)
        before = after = part_bytes(storage)
        ours = set(before)  # what is committed meanwhile is left to the next one, else this might never end
        while groups := neighbours(list(after), after, target_bytes, _kind(storage, ours)):
            ours |= {_replace(storage, group, journal_folder(dataset)) for group in groups}
            after = part_bytes(storage)
    return Compaction(len(before), len(after), sum(before.values()), sum(after.values()))


def part_bytes(storage: Storage) -> dict[str, int]:
    """Return the bytes of all files of each part that counts, in the order of commits."""
    sizes: Counter[str] = Counter()
    live = live_parts(storage)
    for table in TABLES:
        sizes.update(storage.sizes(table))
    return {part: sizes[part] for part in live}


def _kind(storage: Storage, ours: Container[str]) -> Callable[[str], object]:
    from claudebox_rl.trajectory.upkeep.source import Source, version_of

    return lambda part: version_of(Source(storage, part)) if part in ours and span(part) else None


def _replace(storage: Storage, group: list[str], journals: Path) -> str:
    from claudebox_rl.trajectory.upkeep.rewriting import rewrite
    from claudebox_rl.trajectory.upkeep.source import Source

    forbidden = [*group, *_recent(storage, group)]
    name = compacted_name(group)
    rewrite(storage, name, [Source(storage, part) for part in group], forbidden)
    _disk.sync_folder(journals)  # a power cut must not bring back the claim of a part that is removed now
    drop(storage, group)
    return name


def _recent(storage: Storage, group: list[str]) -> list[str]:
    """Return what the parts of a group replaced themselves, not long ago."""
    newest = max(int(found[1], 16) for found in map(span, group) if found)
    names = [name for part in group if is_compacted(part) for name in replaces(storage, part)]
    times = {name: int(found[0], 16) for name in names if (found := span(name))}
    return [name for name, time in times.items() if newest - time < _REMEMBERED_MS]
