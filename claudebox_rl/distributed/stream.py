"""The episodes of a runner, which works on in a thread of its own while the taker thinks."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.cluster import ensure_ray
from claudebox_rl.distributed.demand import worker_options
from claudebox_rl.distributed.runner import Runner
from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.playing.schedule import Unit
from claudebox_rl.types import Episode


class Stream:
    """Connects to Ray, and runs a `Runner`. Use once.

    Args:
        units: What to play.
        spec: What workers are made with: how many, and how they work.
        cluster: Where they run, and what they take of it.
        listener: Hears of each episode, in the runner's thread.

    Raises:
        ConfigError: The cluster can't be had, or can never hold a worker.
    """

    def __init__(self, units: Iterable[Unit], spec: PlayerSpec, cluster: RayConfig, listener: Listener) -> None:
        ensure_ray(cluster)
        options = worker_options(cluster, spec.rollout)
        self._outbox: queue.SimpleQueue[Episode | BaseException | None] = queue.SimpleQueue()
        self._make = lambda: Runner(units, spec, options, listener, self._outbox.put)
        self._runner: Runner | None = None
        self._loop = asyncio.new_event_loop()
        self._main: asyncio.Task[None] | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._work, name="claudebox-runner", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # before Ray's own, which ends the cluster

    def next(self) -> Episode | None:
        """Wait for an episode that has ended for good; None at the end.

        Raises:
            RolloutError: The run was stopped, since it fails everywhere.
            TrajectoryError: The dataset can't be written; finished episodes stay in its journal.
        """
        if self._is_over:
            return None
        item = self._outbox.get()
        if isinstance(item, Episode):
            self._tell(lambda: self._runner and self._runner.taken())
            return item
        self._is_over = True
        self._thread.join()
        if item is not None:
            raise item
        return None

    def close(self) -> None:
        """End workers and machines, keep what is finished, and wait for that. Idempotent; safe in any thread."""
        atexit.unregister(self.close)
        self._tell(lambda: self._main and self._main.cancel())
        self._thread.join()

    def _tell(self, what: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is nobody to tell
            self._loop.call_soon_threadsafe(what)

    def _work(self) -> None:
        end: BaseException | None = None
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._run())
        except asyncio.CancelledError:
            end = None
        except BaseException as error:
            end = error
        self._outbox.put(end)

    async def _run(self) -> None:
        self._main = asyncio.current_task()
        self._runner = self._make()
        await self._runner.run()
