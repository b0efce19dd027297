"""The episodes that may call: each by its id and its secret, until it ends."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections import OrderedDict
from collections.abc import Iterator

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.episode import GatewayEpisode

_log = logging.getLogger(__name__)
_NOBODY = secrets.token_urlsafe(32)
_MOST_ENDED = 4096
"""Ended episodes that are remembered, so that the log can tell a late call from a forged one."""


class Doors:
    """The open episodes of a gateway.

    Attributes:
        draining: Nobody new is let in: the gateway is about to stop.
    """

    def __init__(self) -> None:
        self.draining = False
        self._open: dict[str, GatewayEpisode] = {}
        self._ended: OrderedDict[str, bytes] = OrderedDict()

    def __iter__(self) -> Iterator[GatewayEpisode]:
        return iter(tuple(self._open.values()))

    def __contains__(self, episode_id: str) -> bool:
        return episode_id in self._open

    def add(self, episode: GatewayEpisode) -> None:
        """Let an episode's agent call.

        Raises:
            GatewayError: The episode is open already.
        """
        if episode.episode_id in self._open:
            raise GatewayError(
                f"episode {episode.episode_id} is open already; close it first", episode_id=episode.episode_id
            )
        self._open[episode.episode_id] = episode

    def remove(self, episode: GatewayEpisode) -> None:
        """Forget an episode that ended."""
        del self._open[episode.episode_id]
        self._ended[episode.episode_id] = _digest(episode.secret)
        if len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)

    def admit(self, episode_id: str, credential: str) -> GatewayEpisode | None:
        """Find the episode of a call and check its secret; None, and a line in the log, where it is not to be heard."""
        episode = self._open.get(episode_id)
        if episode is not None and episode.admits(credential):
            return episode
        if episode is not None:
            reason = "wrong credential"
        elif hmac.compare_digest(_digest(credential), self._ended.get(episode_id) or _digest(_NOBODY)):
            reason = "the episode has ended"
        else:
            reason = "no such episode is open"
        _log.warning("refused a model call for episode %.80r: %s", episode_id, reason)
        return None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
