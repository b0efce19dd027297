"""The main command of a box: the supervisor as process 1, and its way to the host over standard input and output.

The host's bytes come in as they are; ours go out as lines of base64, since BoxLite hands output on as text. The first
line is a JSON object with the image's environment. A connection that is made inside to an exposed port becomes a
stream of its own, so a box needs no network for it, and so does one that the host makes to a port of the box.
"""

from __future__ import annotations

import array
import asyncio
import base64
import functools
import json
import os
import signal
import socket
import threading
from collections.abc import Coroutine
from typing import Any, NoReturn

from claudebox_rl.sandbox._guest import main as supervisor
from claudebox_rl.sandbox._guest.host_door import close_host_door
from claudebox_rl.sandbox._guest.streams import MOST_STREAMS, Splitter, Stream, Streams, join
from claudebox_rl.sandbox._guest.users import find

_READ_BYTES = 1 << 18
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)


def main(folders: tuple[str, ...], *, user: str | None, has_network: bool) -> NoReturn:
    """Make the folders, greet the host, and serve until it is gone.

    Args:
        folders: Absolute paths of folders that every sandbox has.
        user: Whose they are; None: root's.
        has_network: Whether there is a door to the host's loopback to be closed.
    """
    if os.getpid() != 1:
        raise SystemExit("this ends every process that it sees; it runs as process 1 of a box only")
    _make_folders(folders, user)
    if has_network:
        close_host_door()
    # Process 1 can't be killed from inside, but what Python itself handles would reach it.
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    os.write(1, json.dumps({"env": dict(os.environ)}).encode() + b"\n")
    control, far_control = socket.socketpair()
    rights, far_rights = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    threading.Thread(target=_carry, args=(far_control, far_rights), daemon=True).start()
    supervisor.main(control.detach(), rights.detach())


def _make_folders(folders: tuple[str, ...], user: str | None) -> None:
    owner = find(user) if user is not None else None
    if user is not None and owner is None:
        raise SystemExit(f"the image has no user {user}")
    for folder in folders:
        os.makedirs(folder, exist_ok=True)
        if owner is not None and owner.uid != 0:
            os.chown(folder, owner.uid, owner.gid)


def _carry(control: socket.socket, rights: socket.socket) -> None:
    try:
        asyncio.run(_Door(rights).serve(control))
    except BaseException as error:
        # Without the way to the host there is nothing left to do: the end of process 1 is the end of the box.
        os.write(2, f"claudebox_rl: {error!r}\n".encode())
    os._exit(1)


class _Door:
    """The way to the host.

    Args:
        rights: Where the supervisor hands over sockets that listen.
    """

    def __init__(self, rights: socket.socket) -> None:
        self._rights = rights
        self._listening: list[asyncio.Future[asyncio.AbstractServer]] = []
        self._streams = Streams(self._write, self._dial, first=1)
        self._out: asyncio.WriteTransport | None = None

    async def serve(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(1, "wb", 0))
        loop.add_reader(self._rights, self._take_listener)
        reader, writer = await asyncio.open_unix_connection(sock=control)
        carried = self._streams.control(lambda stream: join(stream, reader, writer))
        receiving = asyncio.ensure_future(self._receive_all())
        done, _ = await asyncio.wait({carried, receiving}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _receive_all(self) -> None:
        loop = asyncio.get_running_loop()
        source = asyncio.StreamReader(limit=_READ_BYTES)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(source), os.fdopen(0, "rb", 0))
        splitter = Splitter()
        while received := await source.read(_READ_BYTES):
            for frame in splitter.feed(received):
                self._streams.receive(*frame)

    def _write(self, frame: bytes) -> None:
        assert self._out is not None
        self._out.write(base64.b64encode(frame) + b"\n")

    async def _dial(self, stream: Stream, port: int) -> None:
        """Join a stream of the host with a port of the box's own loopback."""
        await join(stream, *await asyncio.open_connection("127.0.0.1", port))

    def _take_listener(self) -> None:
        size = socket.CMSG_LEN(array.array("i").itemsize)
        # Else every command would inherit it, and could take connections that others make.
        _, ancillary, _, _ = self._rights.recvmsg(1, size, socket.MSG_CMSG_CLOEXEC)
        descriptor = array.array("i", ancillary[0][2])[0]
        self._listening.append(asyncio.ensure_future(self._listen(socket.socket(fileno=descriptor))))

    def _listen(self, listener: socket.socket) -> Coroutine[Any, Any, asyncio.AbstractServer]:
        accept = functools.partial(self._accept, len(self._listening))
        return asyncio.start_server(accept, sock=listener, backlog=MOST_STREAMS)

    def _accept(self, index: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._streams.open(index, lambda stream: join(stream, reader, writer)):
            writer.transport.abort()
