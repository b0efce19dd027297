"""The sure end of workers. `ray.kill` has a process end itself, which one that is stopped or stuck never does."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from claudebox_rl.distributed.cluster import ray
from claudebox_rl.distributed.nodes import call_on, living_nodes, outcome_of
from claudebox_rl.sandbox.processes import ProcessName, end_process

log = logging.getLogger(__name__)
_END_S = 5.0
_THERE_S = 20.0
"""For all nodes together, the start of a process on each included."""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """Where a worker is."""

    node_id: str
    """Ray's id of its node."""
    name: str
    """For people: host and process id."""
    process: ProcessName


def end_for_sure(workers: Collection[WorkerProcess]) -> None:
    """Kill the processes of workers, on this host or by a task on their nodes; what does not end is logged.

    Blocks until they have ended, for at most half a minute. A node that is no more took its workers with it, or can't
    be reached.
    """
    here = [worker for worker in workers if worker.process.is_here]
    there = [worker for worker in workers if not worker.process.is_here]
    _complain(_end(here))
    if there:
        _complain(_end_there(there))


def _end(workers: Iterable[WorkerProcess]) -> list[WorkerProcess]:
    """Return those that do not end."""
    return [worker for worker in workers if not end_process(worker.process, limit_s=_END_S)]


def _end_there(workers: Collection[WorkerProcess]) -> list[WorkerProcess]:
    nodes = {node.node_id: node for node in living_nodes()}
    by_node = {node_id: [w for w in workers if w.node_id == node_id] for node_id in {w.node_id for w in workers}}
    asked: dict[Any, list[WorkerProcess]] = {
        call_on(nodes[node_id], _end, (those,)): those for node_id, those in by_node.items() if node_id in nodes
    }
    if not asked:
        return []
    done, late = ray.wait(list(asked), num_returns=len(asked), timeout=_THERE_S)
    left = [worker for reference in late for worker in asked[reference]]
    for reference in late:
        ray.cancel(reference, force=True)
    for reference in done:
        outcome = outcome_of(reference)
        left += asked[reference] if isinstance(outcome, Exception) else outcome
    return left


def _complain(left: Collection[WorkerProcess]) -> None:
    for worker in left:
        log.error("worker %s does not end: kill it there", worker.name)
