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
from claudebox_rl.sandbox._guest.kept import WAY, KeptSupervisor
from claudebox_rl.sandbox._guest.rejoin import Entrance, Pipes
from claudebox_rl.sandbox._guest.streams import MOST_STREAMS, Splitter, Stream, Streams, join
from claudebox_rl.sandbox._guest.users import find
from claudebox_rl.sandbox._guest.watchdog import Watchdog

_READ_BYTES = 1 << 18
_Way = tuple[socket.socket, socket.socket]
"""The door's ends of a way to the supervisor: its stream, and the datagram socket for descriptors."""
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)


def main(folders: tuple[str, ...], *, user: str | None, has_network: bool, is_kept: bool = False) -> NoReturn:
    """Make the folders, greet the host, and serve until it is gone, or for good.

    Args:
        folders: Absolute paths of folders that every sandbox has.
        user: Whose they are; None: root's.
        has_network: Whether there is a door to the host's loopback to be closed.
        is_kept: Whether the box outlives its host, and serves the next one.
    """
    if os.getpid() != 1:
        raise SystemExit("this ends every process that it sees; it runs as process 1 of a box only")
    _make_folders(folders, user)
    if has_network:
        close_host_door()
    # Process 1 can't be killed from inside, but what Python itself handles would reach it.
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    entrance = Entrance() if is_kept else None
    os.write(1, _greeting())
    way, far_way = _make_way()
    hosts, far_hosts = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    threading.Thread(target=_carry, args=(far_way, far_hosts, entrance), daemon=True).start()
    if entrance is None:
        supervisor.main(*way)
    _serve_hosts(way, hosts, entrance)


def _serve_hosts(way: tuple[int, int], hosts: socket.socket, entrance: Entrance) -> NoReturn:
    settings = supervisor.take_settings(*way)
    entrance.key = bytes.fromhex(settings["key"])
    owner = find(settings["user"]) if settings["user"] is not None else None
    KeptSupervisor(way, hosts, Watchdog(settings["watch"]), owner).serve()


def _greeting() -> bytes:
    return json.dumps({"env": dict(os.environ)}).encode() + b"\n"


def _make_way() -> tuple[tuple[int, int], _Way]:
    """Return both ends of a way between the supervisor and a host: its descriptors, and ours."""
    control, far_control = socket.socketpair()
    rights, far_rights = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return (control.detach(), rights.detach()), (far_control, far_rights)


def _make_folders(folders: tuple[str, ...], user: str | None) -> None:
    owner = find(user) if user is not None else None
    if user is not None and owner is None:
        raise SystemExit(f"the image has no user {user}")
    for folder in folders:
        os.makedirs(folder, exist_ok=True)
        if owner is not None and owner.uid != 0:
            os.chown(folder, owner.uid, owner.gid)


def _carry(way: _Way, hosts: socket.socket, entrance: Entrance | None) -> None:
    try:
        asyncio.run(_serve_one(way) if entrance is None else _serve_all(way, hosts, entrance))
    except BaseException as error:
        # Without the way to the host there is nothing left to do: the end of process 1 is the end of the box.
        os.write(2, f"claudebox_rl: {error!r}\n".encode())
    os._exit(1)


async def _serve_one(way: _Way) -> None:
    await _Door(way[1], await _first_pipes()).serve(way[0])


async def _serve_all(way: _Way, hosts: socket.socket, entrance: Entrance) -> None:
    """Serve one host after the other; the next one need not wait until the last one is known to be gone."""
    await entrance.open()
    pipes = await _first_pipes()
    while True:
        door = _Door(way[1], pipes)
        serving = asyncio.ensure_future(door.serve(way[0]))
        coming = asyncio.ensure_future(entrance.next_host())
        await asyncio.wait({serving, coming}, return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await door.close()
        pipes = await coming
        pipes.out.write(_greeting())
        near_way, way = _make_way()
        hosts.send(WAY.pack(*near_way))


async def _first_pipes() -> Pipes:
    # Copies: numbers 0 and 1 must not become something else's when these are closed.
    return await Pipes.open(os.dup(0), os.dup(1))


class _Door:
    """The way to one host.

    Args:
        rights: Where the supervisor hands over sockets that listen.
        pipes: The host's.
    """

    def __init__(self, rights: socket.socket, pipes: Pipes) -> None:
        self._rights, self._pipes = rights, pipes
        self._listening: list[asyncio.Future[asyncio.AbstractServer]] = []
        self._streams = Streams(self._write, self._dial, first=1)
        self._tasks: list[asyncio.Future[None]] = []

    async def serve(self, control: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(self._rights, self._take_listener)
        reader, writer = await asyncio.open_unix_connection(sock=control)
        carried = self._streams.control(lambda stream: join(stream, reader, writer))
        self._tasks = [carried, asyncio.ensure_future(self._receive_all())]
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def close(self) -> None:
        """Let go of the host, and of all that led to it."""
        asyncio.get_running_loop().remove_reader(self._rights)
        self._rights.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in await asyncio.gather(*self._listening, return_exceptions=True):
            if isinstance(server, asyncio.AbstractServer):
                server.close()
        await self._streams.close()
        self._pipes.close()

    async def _receive_all(self) -> None:
        splitter = Splitter()
        while received := await self._pipes.reader.read(_READ_BYTES):
            for frame in splitter.feed(received):
                self._streams.receive(*frame)

    def _write(self, frame: bytes) -> None:
        self._pipes.out.write(base64.b64encode(frame) + b"\n")

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
