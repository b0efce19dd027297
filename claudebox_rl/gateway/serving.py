"""The HTTP server of the endpoint: uvicorn inside somebody else's event loop, on sockets that outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from claudebox_rl.errors import GatewayError

_log = logging.getLogger(__name__)
SERVING_TASK = "gateway"
"""Name of the task that serves."""
_KEEP_ALIVE_S = 600
"""Longer than agents keep idle connections, so that no request meets a connection that is being closed."""
_RESTART_AFTER_S = 0.05
_MOST_RESTARTS, _RESTARTS_WITHIN_S = 5, 60.0


class Serving:
    """Serves listening sockets until it is stopped; a server that ends unasked is replaced.

    Clients never see the port closed meanwhile: their connections wait in the sockets' queues. Those that stood are
    cut, so that nobody waits for an answer that nobody gives.

    Args:
        app: What answers.
        listeners: Bound and listening; closed by `stop`.
        on_lost: Called where the server died more than 5 times in a minute, and is not started again.
    """

    def __init__(self, app: ASGIApp, listeners: Sequence[socket.socket], on_lost: Callable[[], None]) -> None:
        self._app, self._listeners, self._on_lost = app, tuple(listeners), on_lost
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._has_begun = False
        self._restarts: deque[float] = deque(maxlen=_MOST_RESTARTS)

    async def start(self) -> None:
        """Begin to serve.

        Raises:
            GatewayError: The server ended before it listened; the sockets are closed.
        """
        server, task = self._spawn()
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({task, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if not server.listening.is_set():
            await self.stop()
            raise GatewayError("the gateway's server ended before it listened")
        self._has_begun = True

    async def stop(self) -> None:
        """End the server within about a second; connections are closed. Idempotent."""
        server, self._server = self._server, None
        if server is not None and self._task is not None:
            server.should_exit = True
            await asyncio.wait({self._task})
            server.abandon()  # one that died has closed nothing
        for listener in self._listeners:
            listener.close()

    def _spawn(self) -> tuple[_Server, asyncio.Task[None]]:
        server = self._server = _Server(_settings(self._app), [listener.dup() for listener in self._listeners])
        task = self._task = asyncio.create_task(server.serve(server.sockets), name=SERVING_TASK)
        task.add_done_callback(partial(self._ended, server))
        return server, task

    def _ended(self, server: _Server, task: asyncio.Task[None]) -> None:
        """Replace a server that nobody stopped."""
        if self._server is not server or not self._has_begun:
            return
        cause = "it was cancelled" if task.cancelled() else repr(task.exception())
        server.abandon()
        now = time.monotonic()
        if len(self._restarts) == _MOST_RESTARTS and now - self._restarts[0] < _RESTARTS_WITHIN_S:
            _log.error("the gateway's server died once more (%s), and is given up", cause)
            self._on_lost()
            return
        self._restarts.append(now)
        _log.error("the gateway's server died (%s); it is started again", cause)
        # Not at once: a loop that is being closed has cancelled it, and must find nothing new.
        asyncio.get_running_loop().call_later(_RESTART_AFTER_S, self._restart, server)

    def _restart(self, dead: _Server) -> None:
        if self._server is dead:
            self._spawn()


class _Server(uvicorn.Server):
    """A server inside somebody else's event loop: leaves signals alone, and tells when it listens."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config)
        self.sockets, self.listening = sockets, asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    def abandon(self) -> None:
        """Let go of what a server that ended may have left: its listeners and its connections. Idempotent."""
        for listening in getattr(self, "servers", ()):
            listening.close()
        for one in self.sockets:
            one.close()
        for connection in list(self.server_state.connections):
            with contextlib.suppress(OSError):
                connection.transport.abort()


class _Protocol(H11Protocol):
    """Hands each request the way to cut its connection, `request.state.cut`: ASGI has none without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "cut": transport.abort}


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
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
