"""Accepting on a listening socket, each connection for one door."""

from __future__ import annotations

import asyncio
import socket

from claudebox_rl.sandbox._network.connection import Door, SocketConnection

MOST_CONNECTIONS = 256
"""At once and for one socket: each holds two descriptors of the host."""


class Relay:
    """Serves a listening socket: one that was made inside, or a published port's on the host.

    Args:
        door: Where its connections lead.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, listener: socket.socket) -> None:
        """Start to serve; `listener` is closed with this."""
        self._server = await asyncio.start_server(self._accept, sock=listener)

    async def close(self) -> None:
        """Cut every connection and stop to listen. Idempotent."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        connection = SocketConnection(reader, writer)
        task = asyncio.create_task(self._serve(connection))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # Not in the task, which may be cancelled before it has begun.
        task.add_done_callback(lambda _: connection.cut())

    async def _serve(self, connection: SocketConnection) -> None:
        try:
            await self._door(connection)
            await connection.close()
        except OSError:
            return  # one side hung up, or nobody listens: the other side sees its connection end
