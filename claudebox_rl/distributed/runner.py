"""The runner: gives units to workers, and sees to what died with them. What is played when is the schedule's to say."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from ray.exceptions import RayActorError

from claudebox_rl.distributed.crew import Crew, Worker
from claudebox_rl.distributed.feeder import Feeder
from claudebox_rl.distributed.nodes import living_nodes
from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.playing.schedule import Schedule, Unit, Work
from claudebox_rl.playing.unplayed import store_unplayed
from claudebox_rl.trajectory import Interrupted, commit, finished_episode, interrupted_episode, is_open, recover
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

log = logging.getLogger(__name__)
_DEATH_S = 10.0


class Runner:
    """Plays units on workers. Use once; all but `feed` belongs to the event loop that runs it.

    A worker that dies loses only the episodes in flight on it: each is stored as an `infra_error` and played again, up
    to `max_attempts` times, on another worker.

    Args:
        units: What to play.
        spec: What workers are made with: how many, and how they work.
        options: What Ray is told of each worker.
        listener: Hears of each episode.
        deliver: Takes the last attempt of each request, as it ends.
    """

    def __init__(
        self,
        units: Iterable[Unit],
        spec: PlayerSpec,
        options: dict[str, Any],
        listener: Listener,
        deliver: Callable[[Episode], None],
    ) -> None:
        rollout = spec.rollout
        self._spec, self._rollout, self._listener, self._deliver = spec, rollout, listener, deliver
        self._schedule = Schedule(rollout)
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._crew = Crew(spec, options, self._changed.set)
        num_places = max(1, rollout.num_workers * rollout.sessions_per_worker)
        self._feeder = Feeder(units, num_places, self._feed)
        self._max_in_flight = rollout.max_in_flight or 2 * num_places
        self._num_in_flight = 0
        """Episodes that are played, and those that were delivered and not taken."""
        self._is_fed = False
        self._next: Work | None = None
        """Taken from the schedule; waits for room."""
        self._playing: dict[asyncio.Task[None], Work] = {}
        self._recovering = asyncio.Lock()
        self._reasons: dict[str, str] = {}
        """Why the workers died whose episodes are about to be stored, by episode id."""
        self._error: BaseException | None = None

    async def run(self) -> None:
        """Play all units, commit the dataset and end the workers; those at work too, where this is cancelled.

        Raises:
            RolloutError: The run was stopped, since it fails everywhere.
            TrajectoryError: The dataset can't be written; finished episodes stay in its journal.
        """
        beating = asyncio.create_task(self._tell())
        beating.add_done_callback(self._note_error)
        self._feeder.start()
        try:
            while not self._is_over():
                self._changed.clear()
                self._assign()
                await self._until_changed()
            await self._crew.close()
        finally:
            beating.cancel()
            self._feeder.close()
            await self._wind_up()

    def taken(self) -> None:
        """Note that an episode that was delivered was taken."""
        self._num_in_flight -= 1
        self._changed.set()

    def _is_over(self) -> bool:
        if error := self._error or self._schedule.stopped or self._crew.hopeless:
            raise error
        waiting = self._schedule.num_fresh + self._schedule.num_failed
        return self._is_fed and not waiting and self._next is None and not self._playing

    async def _until_changed(self) -> None:
        due = self._schedule.due()
        try:
            await asyncio.wait_for(self._changed.wait(), None if due is None else max(0.0, due - time.monotonic()))
        except TimeoutError:
            return

    # Giving out

    def _feed(self, unit: Unit | BaseException | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._take_in, unit)
        except RuntimeError:  # the loop was closed in the meantime
            log.debug("a request came after the end")

    def _take_in(self, unit: Unit | BaseException | None) -> None:
        if isinstance(unit, BaseException):
            self._error = unit
        elif unit is None:
            self._is_fed = True
        else:
            self._schedule.add(unit)
        self._changed.set()

    def _assign(self) -> None:
        """Give out what has room; the first one that has none waits, and all behind it."""
        while work := self._next or self._schedule.take(time.monotonic()):
            self._next = None
            if work.refusal is not None:
                self._begin(work, self._refuse(work))
            elif self._has_room(len(work.unit)) and (worker := self._crew.place(work)):
                self._begin(work, self._play(work, worker))
            else:
                self._next = work
                self._crew.hire(1 + self._schedule.num_fresh)
                return

    def _begin(self, work: Work, playing: Coroutine[Any, Any, None]) -> None:
        self._num_in_flight += len(work.unit)
        task = asyncio.create_task(playing)
        self._playing[task] = work
        task.add_done_callback(self._played)

    def _has_room(self, size: int) -> bool:
        return not self._num_in_flight or self._num_in_flight + size <= self._max_in_flight

    def _played(self, playing: asyncio.Task[None]) -> None:
        self._playing.pop(playing)
        self._feeder.finished()
        self._note_error(playing)

    def _note_error(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._error = error
        self._changed.set()

    # One unit

    async def _play(self, work: Work, worker: Worker) -> None:
        for request in work.unit:
            self._listener.began(request)
        try:
            async for reference in worker.actor.play.options(num_returns="streaming").remote(work.unit):
                self._end(work, await reference)
        except RayActorError as error:
            await self._lose(work, worker, error)
        self._schedule.finish(work, time.monotonic(), node=worker.node)
        self._crew.leave(worker, work)

    async def _refuse(self, work: Work) -> None:
        assert work.refusal is not None
        for request in work.unit:
            self._end(work, await asyncio.to_thread(store_unplayed, request, work.refusal, self._spec.dataset))

    def _end(self, work: Work, episode: Episode, *, broke_worker: bool = False) -> None:
        again = self._schedule.ended(work, episode, broke_worker=broke_worker)
        self._listener.ended(episode, again=again)
        if again:
            self._num_in_flight -= 1
        else:
            self._deliver(episode)

    # Deaths

    async def _lose(self, work: Work, worker: Worker, error: RayActorError) -> None:
        """Store the episodes that died with their worker; those that had just ended count as they are."""
        await self._crew.ended(worker)
        nodes = await asyncio.to_thread(living_nodes)
        node_is_up = any(node.node_id == worker.node for node in nodes)
        reason = f"its worker died: {worker.complaint or str(error).splitlines()[0]}"
        self._reasons |= dict.fromkeys(work.left, reason)
        for request in tuple(work.left.values()):
            async with self._recovering:
                episode = await asyncio.to_thread(self._store_lost, request, reason)
            self._reasons.pop(request.episode_id, None)
            is_to_blame = episode.outcome is Outcome.INFRA_ERROR and node_is_up
            self._end(work, episode, broke_worker=is_to_blame)

    def _store_lost(self, request: EpisodeRequest, reason: str) -> Episode:
        """Finish the journal of an episode whose worker died, which may not have got as far as making one."""
        dataset = self._spec.dataset
        self._await_death([request])
        recover(dataset, self._lost_episode, run_id=request.run_id)
        ended = finished_episode(dataset, request.episode_id)
        return ended or store_unplayed(request, SandboxUnavailableError(reason), dataset)

    def _lost_episode(self, interrupted: Interrupted) -> Episode:
        episode = interrupted_episode(interrupted)
        reason = self._reasons.get(interrupted.episode_id)
        return (
            replace(episode, error_message=f"{reason}; {episode.num_steps} steps were recorded") if reason else episode
        )

    async def _wind_up(self) -> None:
        """End the workers for sure, and store what died with them as cancelled."""
        lost = [request for work in self._playing.values() for request in work.left.values()]
        for playing in tuple(self._playing):  # before the workers end: their deaths are nobody's fault
            playing.cancel()
        await self._crew.kill_all()
        await asyncio.to_thread(self._store_cancelled, lost)

    def _store_cancelled(self, requests: list[EpisodeRequest]) -> None:
        self._await_death(requests)
        for run_id in {request.run_id for request in requests}:
            recover(self._spec.dataset, partial(interrupted_episode, outcome=Outcome.CANCELLED), run_id=run_id)
        commit(self._spec.dataset)

    def _await_death(self, requests: Iterable[EpisodeRequest]) -> None:
        """Wait until dead workers have let go of their journals: Ray tells of a death before it has happened."""
        deadline = time.monotonic() + _DEATH_S
        for request in requests:
            while is_open(self._spec.dataset, request.episode_id) and time.monotonic() < deadline:
                time.sleep(0.02)

    async def _tell(self) -> None:
        """Pass on what the workers tell of themselves."""
        while True:
            await asyncio.sleep(self._rollout.beat_interval_s)
            self._listener.beat(self._crew.flights())
