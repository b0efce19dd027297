"""The host's end of the connection to a supervisor. Nothing that arrives is trusted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any, Protocol

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox._guest.wire import (
    CHUNK_BYTES,
    HEADER,
    REPLY_CAP_BYTES,
    WireError,
    decode_header,
    decode_message,
    encode,
)

_REPLY_S = 60.0
"""How long the supervisor may take to answer one request about a file or a port."""


class Receiver(Protocol):
    """What frames of one id are for."""

    def receive(self, message: dict[str, Any], data: bytes) -> None:
        """Take a frame.

        Raises:
            WireError: It is none that may come now.
        """

    def lose(self) -> None:
        """Take note that no more frames come: the channel is closed."""


class Channel:
    """Frames in both directions over one socket. It is always read, so that a supervisor never waits for the host.

    Args:
        on_close: Called once when the channel closes, whoever closed it.
    """

    def __init__(self, on_close: Callable[[], None]) -> None:
        self.closed: str | None = None
        """Why nothing can be sent any more."""
        self._on_close = on_close
        self._receivers: dict[int, Receiver] = {}
        self._next_id = 1
        self._writer: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def open(self, control: socket.socket, settings: dict[str, Any]) -> None:
        """Send the supervisor its settings and return when it serves.

        Raises:
            SandboxUnavailableError: It ended or broke the protocol first.
        """
        reader, self._writer = await asyncio.open_unix_connection(sock=control, limit=2 * CHUNK_BYTES)
        self._pump = asyncio.create_task(self._receive_all(reader))
        self.post(settings)
        await self._ready.wait()
        self.check()

    def add(self, receiver: Receiver) -> int:
        """Register a receiver and return its id."""
        self.check()
        self._next_id += 1
        self._receivers[self._next_id] = receiver
        return self._next_id

    def remove(self, serial: int) -> None:
        """Forget a receiver: from now on a frame with its id breaks the protocol."""
        self._receivers.pop(serial, None)

    def check(self) -> None:
        """Raise where the channel is closed.

        Raises:
            SandboxUnavailableError: Says why.
        """
        if self.closed is not None:
            raise SandboxUnavailableError(f"the sandbox is gone: {self.closed}")

    def post(self, message: dict[str, Any], data: bytes = b"") -> None:
        """Send a frame without waiting; a closed channel drops it."""
        if self.closed is None and self._writer is not None:
            self._writer.write(encode(message, data))

    async def send(self, message: dict[str, Any], data: bytes) -> None:
        """Send a frame and wait until there is room for the next.

        Raises:
            SandboxUnavailableError: The channel is closed.
        """
        self.check()
        self.post(message, data)
        if self._writer is not None:
            with contextlib.suppress(ConnectionError):
                await self._writer.drain()
        self.check()

    def close(self, reason: str) -> None:
        """Close for good; the supervisor ends itself and with it every process inside. Idempotent."""
        if self.closed is not None:
            return
        self.closed = reason
        self._ready.set()
        if self._writer is not None:
            self._writer.transport.abort()
        for receiver in tuple(self._receivers.values()):
            receiver.lose()
        self._receivers.clear()
        self._on_close()

    async def wait_closed(self) -> None:
        """Return when the socket is closed and read no more."""
        if self._pump is not None:
            await self._pump

    async def _receive_all(self, reader: asyncio.StreamReader) -> None:
        try:
            while self.closed is None:
                sizes = decode_header(await reader.readexactly(HEADER.size), REPLY_CAP_BYTES)
                message = decode_message(await reader.readexactly(sizes[0]))
                self._dispatch(message, await reader.readexactly(sizes[1]) if sizes[1] else b"")
        except WireError as error:
            self.close(f"its supervisor broke the protocol: {error}")
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close("its supervisor ended")
        finally:
            self.close("its connection was lost")

    def _dispatch(self, message: dict[str, Any], data: bytes) -> None:
        if not self._ready.is_set():
            if message != {"op": "ready"}:
                raise WireError("no greeting")
            self._ready.set()
            return
        receiver = self._receivers.get(integer(message, "id", 0, self._next_id))
        if receiver is None:
            raise WireError("a frame that nobody waits for")
        receiver.receive(message, data)


class Exchange:
    """Requests with one reply each, under one id: a file's transfer, or a port. Cleans up as a context."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.serial = channel.add(self)
        self._reply: asyncio.Future[tuple[dict[str, Any], bytes]] | None = None
        self._left = False

    async def ask(self, data: bytes = b"", **message: Any) -> tuple[dict[str, Any], bytes]:
        """Send a request and return the reply.

        Raises:
            SandboxUnavailableError: The machine died, or did not answer in time and was ended.
        """
        self._channel.check()
        reply = self._reply = asyncio.get_running_loop().create_future()
        await self._channel.send({**message, "id": self.serial}, data)
        try:
            async with asyncio.timeout(_REPLY_S):
                return await reply
        except TimeoutError:
            self._channel.close("its supervisor did not answer")
            self._channel.check()
            raise

    def receive(self, message: dict[str, Any], data: bytes) -> None:
        """Take the reply; one that comes after its request was given up is dropped."""
        if self._reply is None:
            raise WireError("a reply without a request")
        reply, self._reply = self._reply, None
        if not reply.done():
            reply.set_result((message, data))
        if self._left:
            self._channel.remove(self.serial)

    def lose(self) -> None:
        """Fail the request that is under way."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(SandboxUnavailableError(f"the sandbox is gone: {self._channel.closed}"))
            # Nobody may be left to ask for it.
            self._reply.exception()

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        self._channel.post({"op": "close", "id": self.serial, "last": False})
        if self._reply is None:
            self._channel.remove(self.serial)


def integer(message: dict[str, Any], name: str, least: int, most: int) -> int:
    """Return an integer field of a frame.

    Raises:
        WireError: It is missing, or beyond its bounds.
    """
    value = message.get(name)
    if type(value) is not int or not least <= value <= most:
        raise WireError(f"{name} is no integer from {least} to {most}")
    return value
