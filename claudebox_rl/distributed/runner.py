"""The runner: gives episodes to workers, replaces workers that die, and plays again what died with them."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ray.exceptions import RayActorError, RayError

from claudebox_rl.config import PolicyConfig, RayConfig, RolloutConfig
from claudebox_rl.distributed.cluster import ensure_ray, ray
from claudebox_rl.distributed.worker import RolloutWorker
from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.plan import next_attempt
from claudebox_rl.playing.tally import Tally
from claudebox_rl.trajectory import commit, interrupted_episode, is_open, recover
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

log = logging.getLogger(__name__)
_CLOSE_S = 60.0
_DEATH_S = 10.0


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What each worker is made with."""

    env_kwargs: dict[str, Any]
    policy: PolicyConfig
    dataset: str | Path


@dataclass(frozen=True, slots=True)
class _Flight:
    worker: Any
    request: EpisodeRequest


class Runner:
    """Plays many episodes on `num_workers` actors. Use once.

    A worker that dies loses only the episodes in flight on it: each is stored as an `infra_error` and played again, up
    to `max_attempts` times, on a new worker.

    Args:
        spec: What workers are made with.
        rollout: How many workers, and how they work.
        cluster: Where they run.
        listener: Hears of each episode.
    """

    def __init__(self, spec: WorkerSpec, rollout: RolloutConfig, cluster: RayConfig, listener: Listener) -> None:
        self._spec = spec
        self._rollout = rollout
        self._cluster = cluster
        self._listener = listener
        self._pending: deque[EpisodeRequest] = deque()
        self._free: deque[Any] = deque()
        self._flights: dict[Any, _Flight] = {}
        self._dead: set[Any] = set()
        self._recovered: dict[str, Episode] = {}

    def run(self, requests: Sequence[EpisodeRequest]) -> list[Episode]:
        """Play all requests, commit the dataset and end the workers, also after an interrupt.

        Returns:
            The last attempt of each request, in the order in which they ended.

        Raises:
            ConfigError: The cluster can't be had.
            TrajectoryError: The dataset can't be written; finished episodes stay in its journal.
        """
        ensure_ray(self._cluster)
        self._pending.extend(requests)
        episodes: list[Episode] = []
        try:
            for _ in range(min(self._rollout.num_workers, len(requests))):
                self._hire()
            while self._pending or self._flights:
                self._assign()
                episodes += self._collect()
            self._close_workers()
        finally:
            self._kill_workers()
            self._await_death(flight.request for flight in self._flights.values())
            recover(self._spec.dataset, partial(interrupted_episode, outcome=Outcome.CANCELLED))
            commit(self._spec.dataset)
        return episodes

    def _hire(self) -> None:
        slots = self._rollout.sessions_per_worker
        remote = ray.remote(num_cpus=0, max_restarts=0, max_task_retries=0, max_concurrency=slots)(RolloutWorker)
        spec = self._spec
        worker = remote.remote(slots, spec.env_kwargs, spec.policy, spec.dataset, self._rollout.commit_interval_s)
        self._free.extend([worker] * slots)

    def _assign(self) -> None:
        while self._pending and self._free:
            worker, request = self._free.popleft(), self._pending.popleft()
            self._listener.began(request)
            self._flights[worker.play.remote(request)] = _Flight(worker, request)

    def _collect(self) -> list[Episode]:
        done, _ = ray.wait(list(self._flights), num_returns=1)
        episodes: list[Episode] = []
        for reference in done:
            flight = self._flights.pop(reference)
            try:
                episode: Episode = ray.get(reference)
            except RayActorError as error:
                episodes += self._lose(flight, error)
            else:
                self._free.append(flight.worker)
                self._listener.ended(episode, again=False)
                episodes.append(episode)
        return episodes

    def _lose(self, flight: _Flight, error: RayActorError) -> list[Episode]:
        """Store the episode that died with its worker, and put it back in the queue."""
        if flight.worker not in self._dead:
            self._dead.add(flight.worker)
            self._free = deque(worker for worker in self._free if worker != flight.worker)
            self._hire()
        again = flight.request.attempt < self._rollout.max_attempts
        episode = self._store_lost(flight.request, f"its worker died: {str(error).splitlines()[0]}")
        self._listener.ended(episode, again=again)
        if again:
            self._pending.appendleft(next_attempt(flight.request))
        return [] if again else [episode]

    def _store_lost(self, request: EpisodeRequest, reason: str) -> Episode:
        """Finish the journal of an episode whose worker died, which may not have got as far as making one."""
        self._await_death([request])
        self._recovered.update({episode.episode_id: episode for episode in recover(self._spec.dataset)})
        if request.episode_id in self._recovered:
            return self._recovered[request.episode_id]
        tally = Tally(request)
        tally.open(self._spec.dataset)
        return tally.fail(SandboxUnavailableError(reason))

    def _close_workers(self) -> None:
        """Let the workers end their machines and commit."""
        closing = [worker.close.remote() for worker in dict.fromkeys(self._free)]
        for reference in closing:
            try:
                ray.get(reference, timeout=_CLOSE_S)
            except RayError as error:
                log.warning("a worker did not close: %s", error)

    def _kill_workers(self) -> None:
        """End the workers for sure; their machines end with them."""
        busy = [flight.worker for flight in self._flights.values()]
        for worker in dict.fromkeys([*self._free, *busy]):
            ray.kill(worker)

    def _await_death(self, requests: Iterable[EpisodeRequest]) -> None:
        """Wait until dead workers have let go of their journals: Ray tells of a death before it has happened."""
        deadline = time.monotonic() + _DEATH_S
        for request in requests:
            while is_open(self._spec.dataset, request.episode_id) and time.monotonic() < deadline:
                time.sleep(0.02)
