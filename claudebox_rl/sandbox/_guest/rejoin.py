"""How the next host of a kept box comes in: it hands over pipes, and proves that it is one.

Process 1 listens on a socket that only processes inside can reach. A program that BoxLite starts for a host
(`_box.bridge`) hands over its own standard input and output, and ends; the pipes lead to the host for as long as
process 1 holds them. Before anything else a challenge goes out on them, and only the holder of the key can answer it.
So the key is in the host's journal and in this process's memory, which nobody inside may read, and nowhere else.
Whoever looks on, or hands over pipes of its own, gains nothing, and a host that is being served does not notice.
"""

from __future__ import annotations

import array
import asyncio
import hmac
import json
import os
import secrets
import socket
import struct

ADDRESS = "\0claudebox_rl"
ANSWER_BYTES = 32
BRIDGE_USER = 65533
"""Whom the bridge runs as: a number of nobody's. No other user is let in, but for root, who can be anyone."""
_CHALLENGE_BYTES = 32
_ANSWER_S = 20.0
_MOST_AT_THE_DOOR = 32
_MOST_TAKEN = 4
"""Descriptors at once: more than two, so that more are noticed."""
_READ_BYTES = 1 << 18
_CREDENTIALS = struct.Struct("3i")


def answer_to(key: bytes, challenge: bytes) -> bytes:
    """Return what proves that one holds the key (RFC 2104)."""
    return hmac.digest(key, challenge, "sha256")


class Pipes:
    """A host's pipes, as process 1 has them."""

    def __init__(
        self, reader: asyncio.StreamReader, source: asyncio.ReadTransport, out: asyncio.WriteTransport
    ) -> None:
        self.reader, self.out = reader, out
        self._source = source

    @classmethod
    async def open(cls, incoming: int, outgoing: int) -> Pipes:
        """Take over two descriptors, which are closed also where that fails.

        Raises:
            OSError: They can't be used.
            ValueError: One is no pipe.
        """
        loop = asyncio.get_running_loop()
        incoming_file, outgoing_file = os.fdopen(incoming, "rb", 0), os.fdopen(outgoing, "wb", 0)
        reader = asyncio.StreamReader(limit=_READ_BYTES)
        source: asyncio.ReadTransport | None = None
        try:
            source, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming_file)
            out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, outgoing_file)
        except BaseException:
            for opened in (source or incoming_file, outgoing_file):
                opened.close()
            raise
        return cls(reader, source, out)

    def close(self) -> None:
        """Let go of them."""
        self._source.close()
        self.out.abort()


class Entrance:
    """Where the next host comes in, as long as process 1 lives. Made before anything else runs inside."""

    def __init__(self) -> None:
        self.key: bytes | None = None
        """What the hosts of this box know; nobody is let in before the first one has told it."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(ADDRESS)
        self._listener.listen(_MOST_AT_THE_DOOR)
        self._listener.setblocking(False)
        self._meetings: list[asyncio.Task[None]] = []
        self._proven: asyncio.Queue[Pipes] | None = None

    async def open(self) -> None:
        """Let newcomers in from now on."""
        self._proven = asyncio.Queue()
        asyncio.get_running_loop().add_reader(self._listener, self._let_in)

    async def next_host(self) -> Pipes:
        """Return the pipes of the next one that has proved to be a host."""
        assert self._proven is not None
        pipes = await self._proven.get()
        while not self._proven.empty():
            pipes.close()
            pipes = self._proven.get_nowait()
        return pipes

    def _let_in(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        _, user, _ = _CREDENTIALS.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if user not in (BRIDGE_USER, 0) or self.key is None:
            connection.close()
            return
        if len(self._meetings) >= _MOST_AT_THE_DOOR:
            # Not the newest: many that say nothing must not keep the host out.
            self._meetings.pop(0).cancel()
        meeting = asyncio.ensure_future(self._meet(connection, self.key))
        self._meetings.append(meeting)
        meeting.add_done_callback(self._forget)

    def _forget(self, meeting: asyncio.Task[None]) -> None:
        if meeting in self._meetings:
            self._meetings.remove(meeting)

    async def _meet(self, connection: socket.socket, key: bytes) -> None:
        """Find out whether somebody is a host. Nobody else is told anything."""
        assert self._proven is not None
        with connection:
            try:
                pipes = await asyncio.wait_for(_proven(connection, key), _ANSWER_S)
            except (OSError, ValueError, EOFError, asyncio.TimeoutError):  # noqa: UP041  # two classes before 3.11
                return
        self._proven.put_nowait(pipes)


async def _proven(connection: socket.socket, key: bytes) -> Pipes:
    """Return the pipes that a peer hands over, once it has proved that a holder of the key is at their other end.

    Raises:
        OSError: It went.
        ValueError: It is not.
        EOFError: It says nothing.
    """
    pipes = await Pipes.open(*await _taken(connection))
    try:
        connection.send(b"1")
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        pipes.out.write(json.dumps({"challenge": challenge.hex()}).encode() + b"\n")
        answer = await pipes.reader.readexactly(ANSWER_BYTES)
        if not hmac.compare_digest(answer, answer_to(key, challenge)):
            raise ValueError("not a host")
    except BaseException:
        pipes.close()
        raise
    return pipes


async def _taken(connection: socket.socket) -> tuple[int, int]:
    """Return the two descriptors that a peer hands over.

    Raises:
        OSError: It went.
        ValueError: They are not two.
    """
    loop = asyncio.get_running_loop()
    connection.setblocking(False)
    ready = asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)
    descriptors = array.array("i")
    _, ancillary, _, _ = connection.recvmsg(
        1, socket.CMSG_SPACE(_MOST_TAKEN * descriptors.itemsize), socket.MSG_CMSG_CLOEXEC
    )
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    if len(descriptors) != 2:
        for descriptor in descriptors:
            os.close(descriptor)
        raise ValueError(f"{len(descriptors)} descriptors")
    return descriptors[0], descriptors[1]
