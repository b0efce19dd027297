"""A rollout in this process, one episode after another, without Ray."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sized

from claudebox_rl.playing.group import GroupPlayer
from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.player import PlayerSpec, make_player
from claudebox_rl.playing.schedule import LOOKAHEAD, Schedule, Unit, Work
from claudebox_rl.playing.unplayed import store_unplayed
from claudebox_rl.types import Episode


class Inline:
    """Plays in the thread that asks for the next episode. Use once.

    Args:
        units: What to play; read as it is needed.
        spec: What is played with.
        listener: Hears of each episode.
    """

    def __init__(self, units: Iterable[Unit], spec: PlayerSpec, listener: Listener) -> None:
        self._units, self._ahead = iter(units), LOOKAHEAD if isinstance(units, Sized) else 1
        self._player, self._groups = make_player(spec), GroupPlayer(spec.env_kwargs, spec.rollout.branch_at)
        self._dataset, self._listener = spec.dataset, listener
        self._schedule = Schedule(spec.rollout)
        self._turn = threading.Lock()
        self._episodes = self._play()

    def next(self) -> Episode | None:
        """Play until an episode has ended for good, and return it; None at the end.

        Raises:
            RolloutError: The run was stopped, since it fails everywhere.
            TrajectoryError: The dataset can't be written at the end; finished episodes stay in its journal.
        """
        with self._turn:
            return next(self._episodes, None)

    def close(self) -> None:
        """End the machine and commit what is finished; an episode that another thread plays ends first. Idempotent."""
        with self._turn:
            self._episodes.close()

    def _play(self) -> Generator[Episode]:
        try:
            while (work := self._take()) is not None:
                for episode in self._played(work):
                    again = self._schedule.ended(work, episode)
                    self._listener.ended(episode, again=again)
                    if not again:
                        yield episode
                self._schedule.finish(work, time.monotonic())
                if self._schedule.stopped is not None:
                    raise self._schedule.stopped
        finally:
            self._groups.close()
            self._player.close()

    def _take(self) -> Work | None:
        """Take what is next, and wait for it where only further attempts are left."""
        while True:
            while self._schedule.num_fresh < self._ahead and (unit := next(self._units, None)) is not None:
                self._schedule.add(unit)
            work = self._schedule.take(time.monotonic())
            due = self._schedule.due()
            if work is not None or due is None:
                return work
            time.sleep(max(0.0, due - time.monotonic()))

    def _played(self, work: Work) -> Iterator[Episode]:
        if work.refusal is not None:
            return (store_unplayed(request, work.refusal, self._dataset) for request in work.unit)
        for request in work.unit:
            self._listener.began(request)
        return self._groups.play(work.unit, [self._player])
