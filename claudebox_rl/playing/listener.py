"""What a rollout tells while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from claudebox_rl.types import Episode, EpisodeRequest, Flight


class Listener(Protocol):
    """Hears of episodes as they begin and end; always in one thread, which need not be the one that iterates.

    It is called between two decisions of the scheduler: it must be quick, and an exception of it ends the rollout.
    """

    def began(self, request: EpisodeRequest) -> None:
        """An episode was given to a worker."""
        ...

    def ended(self, episode: Episode, *, again: bool) -> None:
        """An attempt ended; `again` where the infrastructure failed it and the episode is about to be played once more.

        Also told of episodes of a quarantined task, which were never begun.
        """
        ...

    def beat(self, flights: Sequence[Flight]) -> None:
        """What all workers do just now; every `rollout.beat_interval_s`, and never where nothing is in parallel."""
        ...


class Silent:
    """The listener of a rollout that nobody watches."""

    def began(self, request: EpisodeRequest) -> None:
        """See `Listener.began`."""

    def ended(self, episode: Episode, *, again: bool) -> None:
        """See `Listener.ended`."""

    def beat(self, flights: Sequence[Flight]) -> None:
        """See `Listener.beat`."""
