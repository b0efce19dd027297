"""The workers of one rollout: hired, watched by their beat, and buried."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ray.exceptions import RayActorError, RayError

from claudebox_rl.distributed.cluster import ray
from claudebox_rl.distributed.ending import WorkerProcess, end_for_sure
from claudebox_rl.distributed.nodes import living_nodes
from claudebox_rl.distributed.worker import RolloutWorker
from claudebox_rl.errors import RolloutError
from claudebox_rl.playing.player import PlayerSpec, stage_limits
from claudebox_rl.playing.schedule import Work
from claudebox_rl.types import Flight

log = logging.getLogger(__name__)
_CLOSE_S = 60.0
_LOOK_S = 10.0
"""Between looks at the nodes, while a worker does not come up."""
_SLACK_S = 60.0
"""Of a stage behind its deadline, until its worker is killed."""
_MAX_STILLBORN = 10
"""Workers that die in a row before they are up, after which there is no sense in hiring more; a single one whose
constructor fails is enough."""


@dataclass(eq=False, slots=True)
class Worker:
    """The driver's view of one `RolloutWorker`."""

    actor: Any
    num_free: int
    """Episodes that it could take."""
    process: WorkerProcess | None = None
    """Where it is; None until it is up."""
    flights: tuple[Flight, ...] = ()
    """As it last told."""
    complaint: str = ""
    """Why it was killed."""
    watch: asyncio.Task[None] | None = field(default=None, repr=False)
    ending: asyncio.Future[None] | None = field(default=None, repr=False)
    """Done when its process has ended, or will not."""

    @property
    def node(self) -> str:
        """Ray's id of its node; empty until it is up."""
        return self.process.node_id if self.process else ""

    @property
    def name(self) -> str:
        """For people; empty until it is up."""
        return self.process.name if self.process else ""


class Crew:
    """Hires at most `num_workers` workers. All of it belongs to one event loop.

    Args:
        spec: What workers are made with: how many, and how long they may be silent.
        options: What Ray is told of each.
        changed: Called when there may be room for work, or reason to give up.
    """

    def __init__(self, spec: PlayerSpec, options: dict[str, Any], changed: Callable[[], None]) -> None:
        self._spec, self._rollout, self._changed = spec, spec.rollout, changed
        rollout = spec.rollout
        self._remote = ray.remote(
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=rollout.sessions_per_worker,
            concurrency_groups={"beat": 1},
            **options,
        )(RolloutWorker)
        self._limits = stage_limits(rollout.deadlines)
        self._workers: list[Worker] = []
        self._num_stillborn = 0
        self.hopeless: RolloutError | None = None
        """Why no worker can be had."""

    def hire(self, num_units: int) -> None:
        """Have enough workers on their way for so many units that wait, as far as more may be hired."""
        slots = self._rollout.sessions_per_worker
        coming = sum(worker.num_free for worker in self._workers if not worker.node)
        while coming < num_units and len(self._workers) < self._rollout.num_workers:
            actor = self._remote.remote(self._spec)
            worker = Worker(actor, slots)
            worker.watch = asyncio.create_task(self._watch(worker))
            self._workers.append(worker)
            coming += slots

    def place(self, work: Work) -> Worker | None:
        """Return the best worker with room for a work, now that much fuller; None where there is none.

        Nodes where the work failed come last, fuller workers after emptier ones.
        """
        size = self._size_of(work)
        roomy = [worker for worker in self._workers if worker.node and worker.num_free >= size]
        if not roomy:
            return None
        best = min(roomy, key=lambda worker: (worker.node in work.avoid, -worker.num_free))
        best.num_free -= size
        return best

    def leave(self, worker: Worker, work: Work) -> None:
        """Give the room back that `place` took."""
        worker.num_free += self._size_of(work)
        self._changed()

    def flights(self) -> list[Flight]:
        """Return what all workers do, as they last told."""
        return [replace(flight, worker=worker.name) for worker in self._workers for flight in worker.flights]

    def kill(self, worker: Worker, complaint: str = "") -> None:
        """Begin to end a worker for sure; its machines end with it. `ended` waits for that."""
        worker.complaint = worker.complaint or complaint
        if complaint:
            log.warning("worker %s is killed: %s", worker.name, complaint)
        self._dismiss(worker)
        if worker.ending is None:
            worker.ending = _end([worker])

    async def ended(self, worker: Worker) -> None:
        """Kill a worker, unless it is dead already, and wait until its process has ended."""
        self.kill(worker)
        if worker.ending is not None:
            await asyncio.shield(worker.ending)

    async def close(self) -> None:
        """Let the workers end their machines and commit; nothing is being played any more."""
        closing = [asyncio.ensure_future(_close(worker)) for worker in self._workers if worker.node]
        if closing:
            await asyncio.wait(closing)

    async def kill_all(self) -> None:
        """End all workers for sure."""
        workers = tuple(self._workers)
        for worker in workers:
            if worker.watch is not None:
                worker.watch.cancel()
            self._dismiss(worker)
        await asyncio.shield(_end(workers))

    def _dismiss(self, worker: Worker) -> None:
        ray.kill(worker.actor)
        if worker in self._workers:
            self._workers.remove(worker)
        self._changed()

    async def _watch(self, worker: Worker) -> None:
        try:
            worker.process = await self._arrival(worker)
            self._num_stillborn = 0
            self._changed()
            while True:
                await asyncio.sleep(self._rollout.beat_interval_s)
                beat = worker.actor.beat.options(concurrency_group="beat").remote()
                worker.flights = await asyncio.wait_for(beat, self._rollout.beat_timeout_s)
                if stuck := next(filter(self._is_stuck, worker.flights), None):
                    self.kill(worker, f"{stuck.episode_id} was in the stage {stuck.stage} for {stuck.stage_s:.0f} s")
                    return
        except TimeoutError:
            self.kill(worker, f"it gave no sign of life for {self._rollout.beat_timeout_s:g} s")
        except RayActorError as error:
            self._bury(worker, error)

    async def _arrival(self, worker: Worker) -> WorkerProcess:
        """Wait until a worker is up, or has nowhere to come up."""
        up = asyncio.create_task(_where(worker))
        while not (await asyncio.wait({up}, timeout=_LOOK_S))[0]:
            if not await asyncio.to_thread(living_nodes):
                self.hopeless = RolloutError("no node of the Ray cluster is up any more")
                self._changed()
        return await up

    def _bury(self, worker: Worker, error: RayActorError) -> None:
        if not worker.node:
            self._num_stillborn += 1
            log.warning("a worker did not come up: %s", error)
        if self._num_stillborn >= _MAX_STILLBORN or error.actor_init_failed:
            self.hopeless = RolloutError(f"{self._num_stillborn} workers in a row did not come up: {error}")
        self.kill(worker)

    def _is_stuck(self, flight: Flight) -> bool:
        """Whether an episode is so long past its deadline that nothing inside will end it any more."""
        limit_s = self._limits.get(flight.stage)
        return limit_s is not None and flight.stage_s > limit_s + _SLACK_S

    def _size_of(self, work: Work) -> int:
        return min(len(work.unit), self._rollout.sessions_per_worker)


async def _where(worker: Worker) -> WorkerProcess:
    return await worker.actor.where.remote()


def _end(workers: Iterable[Worker]) -> asyncio.Future[None]:
    known = [worker.process for worker in workers if worker.process is not None]
    return asyncio.ensure_future(asyncio.to_thread(end_for_sure, known))


async def _close(worker: Worker) -> None:
    try:
        await asyncio.wait_for(worker.actor.close.remote(), _CLOSE_S)
    except (RayError, TimeoutError) as error:
        log.warning("worker %s did not close: %s", worker.name, error or f"no answer in {_CLOSE_S:g} s")
