"""Which parts of a dataset count, when some of them have been compacted into others.

A compacted part is a part like any other. The metadata of its `episodes` file names the parts that it replaces, and
from the moment in which that file is seen they count no more, whether they are there or not: what has an episode is
whole, and counts once. Its own name says from when to when the parts were claimed that it replaces, so that its
metadata is only read where such a part is still there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._storage import Storage

REPLACES_KEY = b"claudebox_rl.replaces"
"""In the metadata of a compacted part's `episodes` file: a JSON list of names, without those that they replaced."""
_NAME = re.compile(r"part-([0-9a-f]{12})[0-9a-f]{16}(?:-([0-9a-f]{12}))?\.parquet")
_TRIES = 20
T = TypeVar("T")


def is_part(name: str) -> bool:
    """Whether a file of a table's folder is a part."""
    return name.endswith(".parquet") and not name.startswith(".")


def span(part: str) -> tuple[str, str] | None:
    """Return from when to when a part's episodes were claimed, as names have it; None for a name that is not ours."""
    found = _NAME.fullmatch(part)
    return None if found is None else (found[1], found[2] or found[1])


def is_compacted(part: str) -> bool:
    """Whether a part's name says that it replaces others."""
    found = _NAME.fullmatch(part)
    return found is not None and found[2] is not None


def seen_parts(storage: Storage) -> tuple[str, ...]:
    """Return the parts whose `episodes` file is there, in the order of commits.

    Looks until between two looks nothing went and nothing was compacted: a folder that changes while it is listed may
    show neither a part nor what replaced it.

    Raises:
        TrajectoryError: The storage can't be read.
    """
    before: set[str] | None = None
    for _ in range(_TRIES):
        with boundary(TrajectoryError, f"can't look into {storage}", path=str(storage)):
            seen = tuple(filter(is_part, storage.names("episodes")))
        if before is not None and before <= set(seen) and not any(map(is_compacted, set(seen) - before)):
            return seen
        before = set(seen)
    raise _restless(storage)


def live_parts(storage: Storage) -> tuple[str, ...]:
    """Return the parts that count, in the order of commits.

    Raises:
        TrajectoryError: The storage can't be read, or a compacted part is damaged.
    """
    for _ in range(_TRIES):
        seen = seen_parts(storage)
        try:
            gone = replaced(storage, seen)
        except TrajectoryError:
            if set(seen) <= set(seen_parts(storage)):
                raise
            continue
        return tuple(part for part in seen if part not in gone)
    raise _restless(storage)


def compacted_into(live: Iterable[str], part: str) -> list[str]:
    """Return those of the parts that may hold what was in a part that is gone."""
    return [other for other in live if is_compacted(other) and _overlap(other, part)]


def replaced(storage: Storage, seen: Iterable[str]) -> dict[str, str]:
    """Return those of the parts that are replaced, with the name of what replaces them."""
    seen = tuple(seen)
    gone: dict[str, str] = {}
    for part in filter(is_compacted, seen):
        others = [other for other in seen if other != part and _overlap(part, other)]
        if others:
            gone |= dict.fromkeys(set(replaces(storage, part)) & set(others), part)
    return gone


def replaces(storage: Storage, part: str) -> tuple[str, ...]:
    """Return the parts that a compacted part names as replaced; none for another.

    Raises:
        TrajectoryError: Its `episodes` file is damaged, or gone.
    """
    from claudebox_rl.trajectory._arrow import pq  # costs 0.6 s: only readers pay it

    where = f"{storage}/episodes/{part}"
    with (
        boundary(TrajectoryError, f"can't read {where}", path=where),
        pq.ParquetFile(storage.open(f"episodes/{part}")) as file,
    ):
        metadata: dict[bytes, bytes] = file.schema_arrow.metadata or {}
        return tuple(json.loads(metadata.get(REPLACES_KEY, b"[]")))


def read_live(storage: Storage, read: Callable[[tuple[str, ...]], T]) -> T:
    """Return what `read` makes of the parts that count; where one is compacted away meanwhile, of what counts then.

    Raises:
        TrajectoryError: As `read` does, where all parts are still there.
    """
    for _ in range(_TRIES):
        live = live_parts(storage)
        try:
            return read(live)
        except TrajectoryError:
            if set(live) <= set(seen_parts(storage)):  # of a part that goes, `episodes` goes first
                raise
    raise _restless(storage)


def _overlap(one: str, other: str) -> bool:
    a, b = span(one), span(other)
    return a is not None and b is not None and a[0] <= b[1] and b[0] <= a[1]


def _restless(storage: Storage) -> TrajectoryError:
    return TrajectoryError(
        f"{storage} was compacted {_TRIES} times while it was read: read it when nobody compacts it", path=str(storage)
    )
