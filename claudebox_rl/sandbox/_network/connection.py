"""Byte streams in both directions, whatever carries them, and what is done with one that comes out of a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Protocol

from claudebox_rl.sandbox._network.traffic import Traffic

CHUNK_BYTES = 1 << 16
_HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of socket(7): on, for no time at all."""


class Connection(Protocol):
    """One byte stream, each direction with an end of its own."""

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the peer's end. What was returned before counts as dealt with.

        Raises:
            OSError: The connection was cut.
        """
        ...

    async def send(self, data: bytes) -> None:
        """Send bytes; returns when there is room for more.

        Raises:
            OSError: The connection was cut.
        """
        ...

    async def end(self) -> None:
        """Tell the peer that nothing more comes; it may go on sending."""
        ...

    async def close(self) -> None:
        """Return once all that was sent is on its way, and let go of it."""
        ...

    def cut(self) -> None:
        """Let go of it at once. Does nothing after `close`."""
        ...


Door = Callable[[Connection], Awaitable[None]]
"""Serves a connection that was made inside; it ends with this. An `OSError` cuts it, and is nobody's fault."""


class SocketConnection:
    """A connection over a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def receive(self) -> bytes:
        """Return the next bytes."""
        return await self._reader.read(CHUNK_BYTES)

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def end(self) -> None:
        """Half-close."""
        self._writer.write_eof()

    async def close(self) -> None:
        """Flush and close."""
        self._writer.close()
        await self._writer.wait_closed()

    def cut(self) -> None:
        """Close without waiting, by a reset: what was cut must not look like an end."""
        with contextlib.suppress(OSError):  # it is closed already
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()


class Counted:
    """A connection to the world outside a sandbox, whose bytes are the sandbox's traffic."""

    def __init__(self, outside: Connection, traffic: Traffic) -> None:
        self._outside, self._traffic = outside, traffic
        self.end, self.close, self.cut = outside.end, outside.close, outside.cut

    async def receive(self) -> bytes:
        """Return the next bytes that come in."""
        data = await self._outside.receive()
        self._traffic.received += len(data)
        return data

    async def send(self, data: bytes) -> None:
        """Send bytes out."""
        self._traffic.sent += len(data)
        await self._outside.send(data)


async def join(one: Connection, other: Connection, *, idle_s: float | None = None) -> None:
    """Carry bytes both ways, at the pace of the slower side, until both directions have ended.

    Args:
        one: A connection.
        other: Its counterpart.
        idle_s: Longest time in which neither side sends anything.

    Raises:
        OSError: One was cut, or both were silent for too long.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(idle_s) as patience:

        def moved() -> None:
            if idle_s is not None:
                patience.reschedule(loop.time() + idle_s)

        pumps = [asyncio.ensure_future(_pump(one, other, moved)), asyncio.ensure_future(_pump(other, one, moved))]
        try:
            await asyncio.gather(*pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(source: Connection, target: Connection, moved: Callable[[], None]) -> None:
    while data := await source.receive():
        moved()
        await target.send(data)
    await target.end()


def host_port(port: int, traffic: Traffic) -> Door:
    """Return the door to one port of the host's loopback."""

    async def lead(near: Connection) -> None:
        far = Counted(SocketConnection(*await asyncio.open_connection(_HOST, port)), traffic)
        try:
            await join(near, far)
            await far.close()
        finally:
            far.cut()

    return lead
