"""Parts that were replaced, removed: in an order in which a kill leaves nothing that counts."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from claudebox_rl.trajectory._storage import TABLES, Storage
from claudebox_rl.trajectory.live import is_compacted, is_part, replaced, replaces, seen_parts

_AT_ONCE = 16
"""Removals that wait for a server at the same time."""


def drop(storage: Storage, parts: Iterable[str]) -> None:
    """Remove files of parts, those of `episodes` first: from then on nobody looks for the others."""
    parts = tuple(parts)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(storage.delete, [f"episodes/{part}" for part in parts]))
        rest = [f"{table}/{part}" for part in parts for table in TABLES if table != "episodes"]
        list(threads.map(storage.delete, rest))


def clear_replaced(storage: Storage) -> tuple[str, ...]:
    """Remove what is left of parts that were replaced, and return their names.

    Raises:
        TrajectoryError: The storage can't be read, or a compacted part is damaged.
    """
    seen = seen_parts(storage)
    doomed = set(replaced(storage, seen))
    if left := orphans(storage, seen):
        named = (replaces(storage, part) for part in seen if is_compacted(part))
        doomed |= left & {part for names in named for part in names}
    drop(storage, sorted(doomed))
    return tuple(sorted(doomed))


def orphans(storage: Storage, seen: Iterable[str]) -> set[str]:
    """Return the parts of which there are files, but not that of `episodes`: a commit goes on, or crashed."""
    files = {name for table in TABLES for name in storage.names(table) if table != "episodes" and is_part(name)}
    return files - set(seen)
