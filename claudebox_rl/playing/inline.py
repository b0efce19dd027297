"""A rollout in this process, one episode after another, without Ray."""

from __future__ import annotations

from collections.abc import Sequence

from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.player import EpisodePlayer
from claudebox_rl.types import Episode, EpisodeRequest


def play_inline(requests: Sequence[EpisodeRequest], player: EpisodePlayer, listener: Listener) -> list[Episode]:
    """Play all requests and commit them.

    Args:
        requests: What to play.
        player: Plays; closed at the end, also after an interrupt.
        listener: Hears of each episode.

    Raises:
        TrajectoryError: The dataset can't be written at the end; finished episodes stay in its journal.
    """
    episodes: list[Episode] = []
    try:
        for request in requests:
            listener.began(request)
            episodes.append(player.play(request))
            listener.ended(episodes[-1], again=False)
    finally:
        player.close()
    return episodes
