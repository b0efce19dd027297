"""Playing jobs, several at the same time: what is finished is skipped, and a failing one stops no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from claudebox_rl.distributed.sweep.folder import SweepFolder
from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.distributed.sweep.search import Search
from claudebox_rl.types import Episode

log = logging.getLogger(__name__)


class Playing(Protocol):
    """A rollout: to be iterated, and to be closed from any thread."""

    def __iter__(self) -> Iterator[Episode]:
        """Play, and yield episodes as they end."""
        ...

    def close(self) -> None:
        """End what is being played, and keep what is finished. Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended."""

    job: Job
    error: BaseException | None = None
    """Why it failed; None: it is finished."""
    skipped: bool = False
    """Whether it was finished before."""


class JobPlayer:
    """Plays the jobs of one sweep. Use once.

    Args:
        folder: The sweep's, owned by this process.
        start: Makes the rollout of what is missing of a job; called in the thread that plays it.
        num_at_once: Jobs at the same time, each in a thread; 1 plays them in the calling thread.
        ended: Told of each job's end, in the calling thread.
    """

    def __init__(
        self, folder: SweepFolder, start: Callable[[Job], Playing], num_at_once: int, ended: Callable[[JobEnd], None]
    ) -> None:
        self._folder, self._start, self._num_at_once, self._tell = folder, start, num_at_once, ended
        self._lock = threading.Lock()
        self._open: dict[str, Playing] = {}
        self._is_stopping = False

    def run(self, search: Search) -> None:
        """Play until the search has no more jobs; an interrupt ends all of them, and what is finished stays.

        Raises:
            TrajectoryError: The sweep's folder can't be written.
        """
        running: dict[Future[None], Job] = {}
        pool = ThreadPoolExecutor(self._num_at_once, "claudebox-job") if self._num_at_once > 1 else _Here()
        try:
            while True:
                while len(running) < self._num_at_once and (job := self._next(search)) is not None:
                    running[pool.submit(self._play, job)] = job
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    self._end(search, running.pop(future), future.exception())
        finally:
            self._stop()
            pool.shutdown()

    def _next(self, search: Search) -> Job | None:
        while (job := search.next()) is not None and self._folder.is_done(job):
            search.tell(job, finished=True)
            self._tell(JobEnd(job, skipped=True))
        return job

    def _play(self, job: Job) -> None:
        self._folder.begin(job)
        rollout = self._start(job)
        with self._lock:
            if self._is_stopping:
                return
            self._open[job.job_id] = rollout
        try:
            for _ in rollout:
                pass
        finally:
            rollout.close()
            self._open.pop(job.job_id)
        if not self._is_stopping:
            self._folder.finish(job)

    def _end(self, search: Search, job: Job, error: BaseException | None) -> None:
        if error is not None:
            log.info("job %s failed", job, exc_info=error)
        search.tell(job, finished=error is None)
        self._tell(JobEnd(job, error))

    def _stop(self) -> None:
        with self._lock:
            self._is_stopping = True
        with ExitStack() as stack:  # one that can't be closed leaves none of the others open
            for rollout in tuple(self._open.values()):
                stack.callback(rollout.close)


class _Here(Executor):
    """Runs in the calling thread, where an interrupt arrives."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
