"""The Ray actor that plays whole episodes next to their machines."""

from __future__ import annotations

import os
import queue
import socket
from collections.abc import Iterator

from claudebox_rl.distributed.cluster import ray
from claudebox_rl.distributed.ending import WorkerProcess
from claudebox_rl.playing.group import GroupPlayer
from claudebox_rl.playing.player import EpisodePlayer, PlayerSpec, make_player
from claudebox_rl.playing.schedule import Unit
from claudebox_rl.sandbox.after_death import reap_after_death
from claudebox_rl.sandbox.processes import this_process
from claudebox_rl.types import Episode, Flight


class RolloutWorker:
    """Holds as many players as it may play episodes at the same time; Ray calls `play` from that many threads.

    Args:
        spec: What is played with, and how many episodes at the same time.
    """

    def __init__(self, spec: PlayerSpec) -> None:
        reap_after_death()
        self._players: queue.SimpleQueue[EpisodePlayer] = queue.SimpleQueue()
        self._num_players = spec.rollout.sessions_per_worker
        self._all = [make_player(spec) for _ in range(self._num_players)]
        for player in self._all:
            self._players.put(player)
        self._groups = GroupPlayer(spec.env_kwargs, spec.rollout.branch_at)

    def play(self, unit: Unit) -> Iterator[Episode]:
        """Play a unit; failures are outcomes. A streaming generator, so that each episode is told of as it ends."""
        # The schedule keeps as many places free for a group as it has members, as far as there are so many.
        players = [self._players.get() for _ in range(min(len(unit), self._num_players))]
        try:
            yield from self._groups.play(unit, players)
        finally:
            for player in players:
                self._players.put(player)

    def where(self) -> WorkerProcess:
        """Return where this worker is; answered once it is up."""
        node_id = ray.get_runtime_context().get_node_id()
        return WorkerProcess(node_id, f"{socket.gethostname()}:{os.getpid()}", this_process())

    def beat(self) -> tuple[Flight, ...]:
        """Return what is being played; answered in a thread of its own, whatever the players do."""
        return tuple(flight for player in self._all if (flight := player.flight()))

    def close(self) -> None:
        """End all machines and commit what is finished; only when nothing is being played."""
        self._groups.close()
        while not self._players.empty():
            self._players.get().close()
