"""The host's end of a box's main command: a socket for the supervisor's channel, and the connections from inside."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any, cast

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox._guest.rejoin import answer_to
from claudebox_rl.sandbox._guest.streams import CHUNK_BYTES, Splitter, Stream, StreamError, Streams, join
from claudebox_rl.sandbox._network.connection import Connection, Door
from claudebox_rl.sandbox._network.connection import join as connect

_KEPT_CHARS = 4096
_GREETING_CHARS = 1 << 20
_LINE_CHARS = 2 * CHUNK_BYTES
_LAST_WORDS_S = 1.0


class BoxLink:
    """Carries `_guest.box`'s streams. Nothing that arrives is trusted.

    Args:
        execution: BoxLite's handle of the main command.
        on_end: Called once with the reason when the connection ends, whoever ended it.
    """

    def __init__(self, execution: Any, on_end: Callable[[str], None]) -> None:
        self.doors: list[Door] = []
        """Where connections from inside lead, in the order in which the supervisor was asked to listen."""
        self.said = ""
        """The last of what the main command wrote to its standard error."""
        self._execution = execution
        self._input, self._output, self._errors = execution.stdin(), execution.stdout(), execution.stderr()
        self._on_end = on_end
        self._text = ""
        self._unsent: asyncio.Queue[bytes] = asyncio.Queue()
        self._streams = Streams(self._unsent.put_nowait, self._accept, first=2)
        self._tasks: list[asyncio.Task[None]] = []
        self._transport: asyncio.WriteTransport | None = None

    async def open(self, key: bytes | None = None) -> tuple[dict[str, str], socket.socket]:
        """Take the greeting.

        Args:
            key: What to prove oneself with first, to a box that had another host before; see `_guest.rejoin`.

        Returns:
            The image's environment, and the socket to the supervisor.

        Raises:
            SandboxStartError: The main command ended, or said something else.
        """
        self._tasks.append(asyncio.create_task(self._keep_errors()))
        if key is not None:
            await self._prove(key)
        env = await self._greeting()
        control, far_control = socket.socketpair()
        reader, writer = await asyncio.open_unix_connection(sock=far_control)
        self._transport = writer.transport
        self._tasks.append(self._streams.control(lambda stream: join(stream, reader, writer)))
        self._tasks.append(asyncio.create_task(self._receive_all()))
        self._tasks.append(asyncio.create_task(self._send_all()))
        return env, control

    async def close(self) -> None:
        """Cut every connection. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._streams.close()
        if self._transport is not None:
            self._transport.abort()

    async def reach(self, port: int, near: Connection) -> None:
        """Join a connection with a port of the box's loopback.

        Raises:
            ConnectionRefusedError: There are too many.
        """
        task = self._streams.open(port, lambda stream: connect(near, StreamConnection(stream)))
        if task is None:
            raise ConnectionRefusedError("too many connections")
        await task

    async def _prove(self, key: bytes) -> None:
        line = await self._line()
        try:
            challenge = bytes.fromhex(json.loads(line)["challenge"])
        except (ValueError, KeyError, TypeError):
            raise SandboxStartError(f"process 1 of the box is not the supervisor: {line[:200]!r}") from None
        await self._input.send_input(answer_to(key, challenge))

    async def _greeting(self) -> dict[str, str]:
        line = await self._line()
        try:
            env: object = json.loads(line)["env"]
        except (ValueError, KeyError, TypeError):
            env = None
        if not isinstance(env, dict):
            raise SandboxStartError(f"its main command is not the supervisor: {line[:200]!r}")
        return {str(name): str(value) for name, value in cast("dict[Any, Any]", env).items()}

    async def _line(self) -> str:
        while "\n" not in self._text and len(self._text) < _GREETING_CHARS:
            try:
                self._text += await anext(self._output)
            except StopAsyncIteration:
                raise SandboxStartError(f"its main command ended at once: {await self._last_words()}") from None
        line, _, self._text = self._text.partition("\n")
        return line

    async def _receive_all(self) -> None:
        splitter = Splitter()
        reason = "its connection was cut"
        try:
            while True:
                *lines, self._text = self._text.split("\n")
                for line in lines:
                    for frame in splitter.feed(base64.b64decode(line, validate=True)):
                        self._streams.receive(*frame)
                if len(self._text) > _LINE_CHARS:
                    raise StreamError("a line without an end")
                self._text += await anext(self._output)
        except StopAsyncIteration:
            reason = f"its main command ended: {await self._last_words()}"
        except (StreamError, binascii.Error, ValueError) as error:
            reason = f"its main command broke the protocol: {error}"
        finally:
            self._on_end(reason)

    async def _send_all(self) -> None:
        while True:
            data = await self._unsent.get()
            while not self._unsent.empty():
                data += self._unsent.get_nowait()
            await self._input.send_input(data)

    async def _last_words(self) -> str:
        """Return what is known about the end of the main command; some of it may still be on its way."""
        code = "unknown"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await asyncio.wait([self._tasks[0]])
                result = await self._execution.wait()
                code = f"{result.exit_code} {result.error_message or ''}".strip()
        return f"{self.said.strip()} (exit code {code})".strip()

    async def _keep_errors(self) -> None:
        async for text in self._errors:
            self.said = (self.said + text)[-_KEPT_CHARS:]

    async def _accept(self, stream: Stream, number: int) -> None:
        """Lead a connection from inside to its door."""
        if number >= len(self.doors):
            raise ConnectionRefusedError(f"there is no door {number}")
        connection = StreamConnection(stream)
        await self.doors[number](connection)
        connection.check_over()


class StreamConnection:
    """A connection over a stream of the link."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._num_held = 0
        self._open = {"in", "out"}

    async def receive(self) -> bytes:
        """Return the next bytes."""
        if self._num_held:
            self._stream.taken(self._num_held)
        data = await self._stream.receive() if "in" in self._open else b""
        self._num_held = len(data)
        if not data:
            self._open.discard("in")
        return data

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        await self._stream.send(data)

    async def end(self) -> None:
        """Tell the peer that nothing more comes."""
        if "out" in self._open:
            self._open.remove("out")
            self._stream.end()

    async def close(self) -> None:
        """Do nothing: the link sends what it has."""

    def cut(self) -> None:
        """Do nothing: a stream is cut when what carries it ends too early."""

    def check_over(self) -> None:
        """Have the peer told where what carried this ended before the connection did.

        Raises:
            ConnectionAbortedError: One direction was open.
        """
        if self._open:
            raise ConnectionAbortedError("left before its end")
