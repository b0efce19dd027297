"""Which parts are put together, and under what name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from claudebox_rl.trajectory.live import span

TARGET_BYTES = 128 << 20
"""Of a part's files together: read by few requests, written in bounded memory, and spread over many readers."""

PARTS_AT_ONCE = 200
"""Of a group: what is held of its parts stays small, and a kill loses little; what they become is put together next."""


def neighbours(
    parts: Sequence[str], sizes: Mapping[str, int], target_bytes: int, kind: Callable[[str], object]
) -> list[list[str]]:
    """Return the runs of small neighbours that are worth a part of their own; the order of commits is kept.

    Args:
        parts: In the order of commits.
        sizes: Bytes of each.
        target_bytes: A part of half of it is left as it is; a run ends where it reaches it, or has `PARTS_AT_ONCE`.
        kind: Parts are put together only where this is the same; None: with no other.
    """
    groups: list[list[str]] = [[]]
    size, before = 0, object()
    for part in parts:
        now = kind(part)
        is_full = size >= target_bytes or len(groups[-1]) == PARTS_AT_ONCE
        if now is None or now != before or is_full or sizes[part] * 2 >= target_bytes:
            groups.append([])
            size = 0
        before = now
        if now is not None and sizes[part] * 2 < target_bytes:
            groups[-1].append(part)
            size += sizes[part]
    return [group for group in groups if len(group) > 1]


def compacted_name(group: Sequence[str]) -> str:
    """Return the name of the part that replaces these: the same for the same parts, so a second try meets the first.

    It lies where the first of them lies in the order of commits.
    """
    spans = [found for found in map(span, group) if found]
    return f"part-{min(spans)[0]}{digest(group)}-{max(end for _, end in spans)}.parquet"


def digest(names: Iterable[str]) -> str:
    """Return 16 hexadecimal digits that stand for these names."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
