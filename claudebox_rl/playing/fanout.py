"""Several listeners as one."""

from __future__ import annotations

from collections.abc import Sequence

from claudebox_rl.playing.listener import Listener
from claudebox_rl.types import Episode, EpisodeRequest, Flight


class Fanout:
    """Tells each listener, in the order given: those that read an account come after it.

    Args:
        listeners: Who hears. What one raises ends the rollout, and those after it do not hear.
    """

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def began(self, request: EpisodeRequest) -> None:
        """Tell of an episode that was given to a worker."""
        for listener in self._listeners:
            listener.began(request)

    def ended(self, episode: Episode, *, again: bool) -> None:
        """Tell of an episode that ended."""
        for listener in self._listeners:
            listener.ended(episode, again=again)

    def beat(self, flights: Sequence[Flight]) -> None:
        """Tell what workers do."""
        for listener in self._listeners:
            listener.beat(flights)
