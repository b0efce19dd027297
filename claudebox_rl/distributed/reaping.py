"""The removal of what killed processes left, on every node of the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from claudebox_rl.distributed.nodes import Node, on_each_node
from claudebox_rl.sandbox import reaper
from claudebox_rl.sandbox.reaper import Leftover

_NODES_S = 120.0


def reap_nodes(*, dry_run: bool = False, detached: bool = False) -> Iterator[tuple[Node, list[Leftover] | Exception]]:
    """Do on each node what `reaper.reap` does here.

    Args:
        dry_run: Only return what would be removed.
        detached: End machines too that nobody owns but that were to outlive their owner.

    Yields:
        A node, and what was removed there, as soon as it is; or why the node did not do it.
    """
    yield from on_each_node(_reap, dry_run, detached, timeout_s=_NODES_S)


def _reap(dry_run: bool, detached: bool) -> list[Leftover]:
    return reaper.leftovers(detached=detached) if dry_run else reaper.reap(wait=True, detached=detached)
