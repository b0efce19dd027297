"""The Ray actor that plays whole episodes next to their machines."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

from claudebox_rl.config import PolicyConfig
from claudebox_rl.playing.player import EpisodePlayer
from claudebox_rl.sandbox.after_death import reap_after_death
from claudebox_rl.types import Episode, EpisodeRequest


class RolloutWorker:
    """Holds as many players as it may play episodes at the same time; Ray calls it from that many threads.

    Args:
        num_players: Episodes at the same time.
        env_kwargs: Keywords of `ClaudeBoxEnv`.
        policy: Who chooses the actions.
        dataset: The dataset's folder or URI.
        commit_interval_s: Longest time that finished episodes wait for their Parquet files.
    """

    def __init__(
        self,
        num_players: int,
        env_kwargs: dict[str, Any],
        policy: PolicyConfig,
        dataset: str | Path,
        commit_interval_s: float,
    ) -> None:
        reap_after_death()
        self._players: queue.SimpleQueue[EpisodePlayer] = queue.SimpleQueue()
        for _ in range(num_players):
            self._players.put(EpisodePlayer(env_kwargs, policy, dataset, commit_interval_s))

    def play(self, request: EpisodeRequest) -> Episode:
        """Play one episode; failures are outcomes."""
        player = self._players.get()
        try:
            return player.play(request)
        finally:
            self._players.put(player)

    def close(self) -> None:
        """End all machines and commit what is finished; only when nothing is being played."""
        while not self._players.empty():
            self._players.get().close()
