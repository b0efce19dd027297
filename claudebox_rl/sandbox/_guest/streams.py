"""Byte streams side by side over one pipe in each direction: the way out of a box, whose only door is its main command.

A frame is a kind, the number of its stream and a number (`>BII`); a DATA frame's number is the length of the bytes that
follow. Both ends run this. Two budgets bound what is on its way: one for each stream, given back when the bytes were
taken (a slow consumer holds up its own stream only), and one for all, given back on arrival, because BoxLite drops
output of a main command that runs more than 1 MiB ahead.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterator

OPEN, DATA, END, GRANT, RESET, ACK = range(1, 7)
CONTROL = 0
"""The stream between the supervisor and the host; it is open from the start."""
HEADER = struct.Struct(">BII")
CHUNK_BYTES = 1 << 15
STREAM_BYTES = 1 << 17
ALL_BYTES = 1 << 18
MOST_STREAMS = 256
_ACK_BYTES = ALL_BYTES // 4


class StreamError(Exception):
    """The peer broke the protocol."""


class Stream:
    """One byte stream, each direction with an end of its own."""

    def __init__(self, streams: Streams, serial: int) -> None:
        self.serial = serial
        self.task: asyncio.Task[None] | None = None
        """What carries it; cancelled by a reset."""
        self._streams = streams
        self._budget = _Budget(STREAM_BYTES)
        self._received: asyncio.Queue[bytes] = asyncio.Queue()
        self._num_held = 0

    async def send(self, data: bytes) -> None:
        """Send bytes; returns when the last of them are under way."""
        for start in range(0, len(data), CHUNK_BYTES):
            piece = data[start : start + CHUNK_BYTES]
            await self._budget.take(len(piece))
            await self._streams.send_data(self.serial, piece)

    def end(self) -> None:
        """Tell the peer that nothing more comes."""
        self._streams.post(END, self.serial)

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the end of the stream. Call `taken` when they are dealt with."""
        return await self._received.get()

    def taken(self, num_bytes: int) -> None:
        """Let the peer send as much again."""
        self._num_held -= num_bytes
        self._streams.post(GRANT, self.serial, num_bytes)

    def put(self, data: bytes) -> None:
        """Take bytes, or the end, from the peer.

        Raises:
            StreamError: More than was granted.
        """
        self._num_held += len(data)
        if self._num_held > STREAM_BYTES:
            raise StreamError("more bytes than were granted")
        self._received.put_nowait(data)

    def granted(self, num_bytes: int) -> None:
        """Take note that the peer has taken that much."""
        self._budget.give(num_bytes)


class Streams:
    """All streams of one end.

    Args:
        write: Sends a frame's bytes to the peer, without waiting.
        accept: Carries a stream that the peer has opened, given the number that it opened it with.
        first: Number of the first stream that this end opens; one end's are odd and the other's even.
    """

    def __init__(
        self, write: Callable[[bytes], None], accept: Callable[[Stream, int], Awaitable[None]], *, first: int
    ) -> None:
        self._write = write
        self._accept = accept
        self._budget = _Budget(ALL_BYTES)
        self._num_unacknowledged = 0
        self._streams: dict[int, Stream] = {}
        self._next = first

    def control(self, carry: Callable[[Stream], Awaitable[None]]) -> asyncio.Task[None]:
        """Carry the control stream."""
        return self._carry(self._add(CONTROL), carry)

    def open(self, number: int, carry: Callable[[Stream], Awaitable[None]]) -> asyncio.Task[None] | None:
        """Open a stream to the peer and return what carries it; None where there are too many."""
        if len(self._streams) >= MOST_STREAMS:
            return None
        serial, self._next = self._next, self._next + 2
        self.post(OPEN, serial, number)
        return self._carry(self._add(serial), carry)

    def receive(self, kind: int, serial: int, number: int, data: bytes) -> None:
        """Take a frame of the peer. One for a stream that is gone is dropped.

        Raises:
            StreamError: It is none that may come.
        """
        stream = self._streams.get(serial)
        if kind == ACK:
            self._budget.give(number)
        elif kind == OPEN:
            self._opened(serial, number)
        elif kind == DATA:
            self._acknowledge(len(data))
            if stream is not None:
                stream.put(data)
        elif kind in (END, GRANT, RESET):
            if stream is not None:
                self._tell(stream, kind, number)
        else:
            raise StreamError(f"a frame of kind {kind}")

    def post(self, kind: int, serial: int, number: int = 0) -> None:
        """Send a frame without data."""
        self._write(HEADER.pack(kind, serial, number))

    async def send_data(self, serial: int, data: bytes) -> None:
        """Send data when there is room for it on the way."""
        await self._budget.take(len(data))
        self._write(HEADER.pack(DATA, serial, len(data)) + data)

    async def close(self) -> None:
        """Cut every stream. Idempotent."""
        tasks = [stream.task for stream in self._streams.values() if stream.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _opened(self, serial: int, number: int) -> None:
        if serial in self._streams or serial % 2 == self._next % 2:
            raise StreamError(f"stream {serial} is not the peer's to open")
        if len(self._streams) >= MOST_STREAMS:
            self.post(RESET, serial)
            return
        self._carry(self._add(serial), lambda stream: self._accept(stream, number))

    def _tell(self, stream: Stream, kind: int, number: int) -> None:
        if kind == END:
            stream.put(b"")
        elif kind == GRANT:
            stream.granted(number)
        elif stream.task is not None:
            stream.task.cancel()

    def _acknowledge(self, num_bytes: int) -> None:
        self._num_unacknowledged += num_bytes
        if self._num_unacknowledged >= _ACK_BYTES:
            self.post(ACK, CONTROL, self._num_unacknowledged)
            self._num_unacknowledged = 0

    def _add(self, serial: int) -> Stream:
        stream = self._streams[serial] = Stream(self, serial)
        return stream

    def _carry(self, stream: Stream, carry: Callable[[Stream], Awaitable[None]]) -> asyncio.Task[None]:
        async def carried() -> None:
            try:
                await carry(stream)
            except OSError:
                self.post(RESET, stream.serial)
            except asyncio.CancelledError:
                self.post(RESET, stream.serial)
                raise
            finally:
                del self._streams[stream.serial]

        stream.task = asyncio.get_running_loop().create_task(carried())
        return stream.task


async def join(stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry a stream over a socket until both directions have ended; closes the socket.

    Raises:
        OSError: The socket was cut.
    """
    pumps = [asyncio.ensure_future(_send_all(stream, reader)), asyncio.ensure_future(_receive_all(stream, writer))]
    try:
        await asyncio.gather(*pumps)
    except BaseException:
        # What was cut must not look like an end.
        writer.transport.abort()
        raise
    finally:
        for pump in pumps:
            pump.cancel()
    writer.close()


async def _send_all(stream: Stream, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(CHUNK_BYTES):
        await stream.send(data)
    stream.end()


async def _receive_all(stream: Stream, writer: asyncio.StreamWriter) -> None:
    while data := await stream.receive():
        writer.write(data)
        await writer.drain()
        stream.taken(len(data))
    writer.write_eof()


class Splitter:
    """Cuts bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[tuple[int, int, int, bytes]]:
        """Yield kind, stream, number and data of the frames that are complete with `received`.

        Raises:
            StreamError: A frame is too long.
        """
        self._buffer += received
        while len(self._buffer) >= HEADER.size:
            kind, serial, number = HEADER.unpack_from(self._buffer)
            end = HEADER.size + (number if kind == DATA else 0)
            if end > HEADER.size + CHUNK_BYTES:
                raise StreamError(f"a frame of {end} bytes")
            if len(self._buffer) < end:
                return
            data = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield kind, serial, number, data


class _Budget:
    """Bytes that may be sent before the peer says more."""

    def __init__(self, num_bytes: int) -> None:
        self._left = num_bytes
        self._more = asyncio.Event()

    async def take(self, num_bytes: int) -> None:
        while self._left < num_bytes:
            self._more.clear()
            await self._more.wait()
        self._left -= num_bytes

    def give(self, num_bytes: int) -> None:
        self._left += num_bytes
        self._more.set()
