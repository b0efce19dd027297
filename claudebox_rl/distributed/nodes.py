"""The nodes of the cluster, and work that is done once on each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from claudebox_rl.distributed.cluster import ray


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster."""

    node_id: str
    """Ray's."""
    address: str


def living_nodes() -> list[Node]:
    """Return the nodes that are part of the cluster now, by address."""
    found = [Node(node["NodeID"], node["NodeManagerAddress"]) for node in ray.nodes() if node["Alive"]]
    return sorted(found, key=lambda node: (node.address, node.node_id))


def on_each_node(function: Callable[..., Any], *args: Any, timeout_s: float) -> Iterator[tuple[Node, Any]]:
    """Call a function once on each node, in a process of its own there.

    Args:
        function: Of a module that is installed on every node.
        *args: Its arguments, picklable.
        timeout_s: For all nodes together, the start of a process there included.

    Yields:
        A node, and what the function returned there, as soon as it did. Where it failed, the node died or did not
        answer in time: the exception instead.
    """
    pending = {call_on(node, function, args): node for node in living_nodes()}
    deadline = time.monotonic() + timeout_s
    while pending:
        done, _ = ray.wait(list(pending), timeout=max(deadline - time.monotonic(), 0))
        if not done:
            break
        yield pending.pop(done[0]), outcome_of(done[0])
    for reference, node in pending.items():
        ray.cancel(reference, force=True)
        yield node, TimeoutError(f"no answer in {timeout_s:g} s")


def call_on(node: Node, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Call a function in a process of its own on a node; returns the reference of what it will return."""
    there = NodeAffinitySchedulingStrategy(node.node_id, soft=False)
    return ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(function).remote(*args)


def outcome_of(reference: Any) -> Any:
    """Wait for what was called; returns the exception where there was one."""
    try:
        return ray.get(reference)
    except RayTaskError as error:
        return error.cause
    except RayError as error:
        return error
