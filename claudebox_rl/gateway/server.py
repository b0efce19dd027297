"""The Messages API endpoint on the host's loopback: one server for all episodes of an event loop."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway.episode import GatewayEpisode
from claudebox_rl.gateway.routes import BODY_CAP_BYTES, application
from claudebox_rl.gateway.upstream import Upstream

_log = logging.getLogger(__name__)
_EPISODE_ID = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_DRAIN_S = 0.5
_KEEP_ALIVE_S = 600
"""Longer than agents keep idle connections, so that no request meets a connection that is being closed."""


class Gateway:
    """Serves the model calls of many episodes. Belongs to the event loop that started it.

    Args:
        body_cap_bytes: Largest request body that is accepted.
    """

    def __init__(self, *, body_cap_bytes: int = BODY_CAP_BYTES) -> None:
        self._body_cap_bytes = body_cap_bytes
        self._episodes: dict[str, GatewayEpisode] = {}
        self._releases: set[asyncio.Task[None]] = set()
        self._connections = _Connections()
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1; 0 unless started."""
        return self._port

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1. Idempotent.

        Raises:
            GatewayError: The server can't listen.
        """
        if self._server is not None:
            return
        listener = _listen()
        app = application(self._episodes, self._connections.cut, body_cap_bytes=self._body_cap_bytes)
        server = self._server = _Server(_settings(app, self._connections.protocol()))
        self._serving = asyncio.create_task(server.serve(sockets=[listener]), name="gateway")
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if not server.listening.is_set():
            self._server = None
            listener.close()
            raise GatewayError("the gateway's server ended before it listened")
        self._port = listener.getsockname()[1]

    async def stop(self) -> None:
        """Give the calls in flight half a second, then close every episode and the server. Idempotent."""
        server, self._server = self._server, None
        if server is None or self._serving is None:
            return
        in_flight = [call for episode in self._episodes.values() for call in episode.in_flight]
        if in_flight:
            await asyncio.wait(in_flight, timeout=_DRAIN_S)
        for episode in list(self._episodes.values()):
            episode.close()
        server.should_exit = True
        await self._serving
        if self._releases:
            await asyncio.wait(self._releases)
        self._port = 0

    def open_episode(
        self, episode_id: str, upstream: Upstream, *, named_secrets: Mapping[str, str] | None = None
    ) -> GatewayEpisode:
        """Open a path and a fresh secret for an episode.

        Args:
            episode_id: Letters, digits and `.`, `_`, `~`, `-`; not open already.
            upstream: Answers this episode's calls; closed with the episode.
            named_secrets: Name -> value, of what the agent may know and no model and no record shall.

        Raises:
            ConfigError: The id can't stand in a path.
            GatewayError: The gateway is not started, or the episode is open already.
        """
        if not _EPISODE_ID.fullmatch(episode_id) or not episode_id.strip("."):
            raise ConfigError(f"episode id {episode_id!r} can't stand in a URL path", episode_id=episode_id)
        if self._server is None:
            raise GatewayError("the gateway is not started; await start() first", episode_id=episode_id)
        if episode_id in self._episodes:
            raise GatewayError(f"episode {episode_id} is open already; close it first", episode_id=episode_id)
        episode = self._episodes[episode_id] = GatewayEpisode(episode_id, upstream, self._forget, named_secrets)
        return episode

    def _forget(self, episode: GatewayEpisode) -> None:
        del self._episodes[episode.episode_id]
        release = asyncio.get_running_loop().create_task(_release(episode))
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)


def _listen() -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off on what is accepted; else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener


async def _release(episode: GatewayEpisode) -> None:
    if episode.in_flight:
        await asyncio.wait(episode.in_flight)
    try:
        await episode.upstream.aclose()
    except Exception as error:
        # The episode is over; an upstream that can't let go must not keep the gateway from stopping.
        _log.warning("episode %s: upstream did not close: %s", episode.episode_id, type(error).__name__)


class _Server(uvicorn.Server):
    """A server inside somebody else's event loop: leaves signals alone, and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class _Connections:
    """The open connections by client address. ASGI has no way to end one without an answer."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def cut(self, client: tuple[str, int]) -> None:
        if client in self._open:
            self._open[client].abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """Make the protocol class whose connections are listed here."""
        connections = self._open

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:
                connections[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        return Protocol


def _settings(app: Starlette, protocol: type[asyncio.Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
