"""The Messages API endpoint on the host's loopback: one server for all episodes of an event loop."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from claudebox_rl.config import BudgetConfig
from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway.capture.prices import Prices
from claudebox_rl.gateway.doors import Doors
from claudebox_rl.gateway.episode import GatewayEpisode
from claudebox_rl.gateway.lane import Lanes, LaneSettings
from claudebox_rl.gateway.listeners import listen_on_loopback, listen_on_path
from claudebox_rl.gateway.routes import BODY_CAP_BYTES, application
from claudebox_rl.gateway.serving import Serving
from claudebox_rl.gateway.upstream import Upstream

_log = logging.getLogger(__name__)
_EPISODE_ID = re.compile(r"[A-Za-z0-9._~-]{1,200}")
DRAIN_S = 0.5


class Gateway:
    """Serves the model calls of many episodes. Belongs to the event loop that started it.

    Args:
        socket_path: Where it listens besides the loopback: a Unix socket of this user, at most 107 bytes long; the CLI
            finds it by ANTHROPIC_UNIX_SOCKET.
        socket_mode: Who may connect there. `0o666` lets in the users of sandboxes that are shown the socket's folder,
            which should then lie below one that is closed to the host's other users.
        body_cap_bytes: Largest request body that is accepted.
    """

    def __init__(
        self,
        *,
        socket_path: str | Path | None = None,
        socket_mode: int = 0o600,
        body_cap_bytes: int = BODY_CAP_BYTES,
    ) -> None:
        self.socket_path = None if socket_path is None else Path(socket_path)
        self._socket_mode = socket_mode
        self._body_cap_bytes = body_cap_bytes
        self._doors, self._lanes = Doors(), Lanes()
        self._releases: set[asyncio.Task[None]] = set()
        self._serving: Serving | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1; 0 unless started."""
        return self._port

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1, and on the socket's path. Idempotent.

        Raises:
            GatewayError: The server can't listen.
            ConfigError: The socket's path is too long.
        """
        if self._serving is not None:
            return
        listeners = self._listen()
        app = application(self._doors, body_cap_bytes=self._body_cap_bytes)
        self._serving, self._port = Serving(app, listeners, self._give_up), listeners[0].getsockname()[1]
        try:
            await self._serving.start()
        except BaseException:
            self._forget_server()
            raise

    async def stop(self, *, drain_s: float = DRAIN_S) -> None:
        """Refuse new calls, let those in flight come to their end, then close every episode and the server. Idempotent.

        Args:
            drain_s: Most time for the calls in flight; new ones get 529 with `retry-after` meanwhile.
        """
        serving = self._serving
        if serving is None or self._doors.draining:
            return
        self._doors.draining = True
        try:
            in_flight = [call for episode in self._doors for call in episode.in_flight]
            if in_flight:
                await asyncio.wait(in_flight, timeout=drain_s)
        finally:
            self._close_episodes()
            await serving.stop()
            self._forget_server()
            self._doors.draining = False
        if self._releases:
            await asyncio.wait(self._releases)

    def open_episode(
        self,
        episode_id: str,
        upstream: Upstream,
        *,
        named_secrets: Mapping[str, str] | None = None,
        budget: BudgetConfig | None = None,
        lane: LaneSettings | None = None,
        prices: Prices | None = None,
    ) -> GatewayEpisode:
        """Open a path and a fresh secret for an episode.

        Args:
            episode_id: Letters, digits and `.`, `_`, `~`, `-`; not open already.
            upstream: Answers this episode's calls; closed with the episode.
            named_secrets: Name -> value, of what the agent may know and no model and no record shall.
            budget: What the episode may use; its wall time begins now. None: no limit.
            lane: Bounds of what goes to the upstream's server, shared with other episodes of the same server; None: the
                defaults.
            prices: Of the model's tokens; None: those of the API.

        Raises:
            ConfigError: The id can't stand in a path.
            GatewayError: The gateway does not serve, or the episode is open already.
        """
        if not _EPISODE_ID.fullmatch(episode_id) or not episode_id.strip("."):
            raise ConfigError(f"episode id {episode_id!r} can't stand in a URL path", episode_id=episode_id)
        if self._serving is None:
            raise GatewayError("the gateway is not started; await start() first", episode_id=episode_id)
        episode = GatewayEpisode(
            episode_id,
            upstream,
            self._forget,
            named_secrets,
            lane=self._lanes.lane(upstream, lane or LaneSettings()),
            budget=budget or BudgetConfig(),
            prices=prices or Prices(),
        )
        self._doors.add(episode)
        return episode

    def _listen(self) -> list[socket.socket]:
        listeners = [listen_on_loopback()]
        try:
            if self.socket_path is not None:
                listeners.append(listen_on_path(self.socket_path, self._socket_mode))
        except BaseException:
            listeners[0].close()
            raise
        return listeners

    def _give_up(self) -> None:
        """End every episode of a server that can't be kept alive: agents find nobody, and sessions an error."""
        self._close_episodes()
        if self._serving is not None:
            stopping = asyncio.get_running_loop().create_task(self._serving.stop())
            self._releases.add(stopping)
            stopping.add_done_callback(self._releases.discard)
        self._forget_server()

    def _forget_server(self) -> None:
        if self._serving is not None and self.socket_path is not None:
            self.socket_path.unlink(missing_ok=True)
        self._serving, self._port = None, 0

    def _close_episodes(self) -> None:
        for episode in self._doors:
            episode.close()

    def _forget(self, episode: GatewayEpisode) -> None:
        self._doors.remove(episode)
        release = asyncio.get_running_loop().create_task(_release(episode))
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)


async def _release(episode: GatewayEpisode) -> None:
    if episode.in_flight:
        await asyncio.wait(episode.in_flight)
    try:
        await episode.upstream.aclose()
    except Exception as error:
        # The episode is over; an upstream that can't let go must not keep the gateway from stopping.
        _log.warning("episode %s: upstream did not close: %s", episode.episode_id, type(error).__name__)
