"""One port of the host's loopback, seen inside a sandbox: a byte relay for each connection."""

from __future__ import annotations

import asyncio
import socket

from claudebox_rl.sandbox._guest.wire import WireError

_MOST_CONNECTIONS = 256
"""At once and for one port: each holds two descriptors of the host."""
_CHUNK_BYTES = 1 << 16
_HOST = "127.0.0.1"


def take_listener(rights: socket.socket) -> socket.socket:
    """Take the listening socket that a supervisor sent.

    Raises:
        WireError: It sent something else.
    """
    _, descriptors, _, _ = socket.recv_fds(rights, 16, 1)
    if len(descriptors) != 1:
        raise WireError("no socket")
    listener = socket.socket(fileno=descriptors[0])
    accepts = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if (listener.family, listener.type, accepts) != (socket.AF_INET, socket.SOCK_STREAM, 1):
        listener.close()
        raise WireError("no listening socket")
    return listener


class Relay:
    """Accepts on a listening socket that was made inside, and dials one port outside.

    Args:
        port: The port of the host's loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port
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
        if len(self._connections) >= _MOST_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._join(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection(_HOST, self._port)
            writers.append(far_writer)
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
            for each in writers:
                each.close()
                await each.wait_closed()
        except OSError:
            return  # one side hung up, or nobody listens outside: the other side sees its connection end
        finally:
            for each in writers:
                each.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction, at the pace of its slower side; its end closes that direction only."""
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
