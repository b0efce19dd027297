"""What a rollout tells while it goes on."""

from __future__ import annotations

from typing import Protocol

from claudebox_rl.types import Episode, EpisodeRequest


class Listener(Protocol):
    """Hears of episodes, in the driver's thread, as they begin and end."""

    def began(self, request: EpisodeRequest) -> None:
        """An episode was given to a worker."""
        ...

    def ended(self, episode: Episode, *, again: bool) -> None:
        """An episode ended; `again` where it was lost with its worker and is about to be played once more."""
        ...
