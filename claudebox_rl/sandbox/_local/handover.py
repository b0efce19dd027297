"""Sockets that a supervisor makes inside and hands over to the host."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox._guest.wire import WireError
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange, integer

_MOST_AT_ONCE = 8
"""Fewer than a datagram socket queues: a supervisor must not wait for the host."""
_SERIAL_BYTES = 16
_ONE_DESCRIPTOR = socket.CMSG_LEN(array.array("i").itemsize)


class Handover:
    """Takes sockets, each named by the request that it answers. Nothing that arrives is trusted.

    Args:
        rights: The datagram socket that they come over.
    """

    def __init__(self, rights: socket.socket) -> None:
        self._rights = rights
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)
        self._taken: dict[int, socket.socket | None] = {}
        """By request under way: the socket, once it is there."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(rights, self._take_all)

    def close(self) -> None:
        """Take no more."""
        self._loop.remove_reader(self._rights)

    async def listen(self, channel: Channel, port: int) -> tuple[socket.socket, int]:
        """Return a socket that listens inside, at `port` of the loopback if that is free, and its port.

        Raises:
            SandboxUnavailableError: The machine is gone, or gave something else and was ended.
        """
        return await self._ask(channel, "listen", port)

    async def unconnected(self, channel: Channel) -> socket.socket:
        """Return a socket to dial with; it sees the network that the machine sees.

        Raises:
            SandboxUnavailableError: The machine is gone, or gave something else and was ended.
        """
        made, _ = await self._ask(channel, "socket", 0)
        return made

    async def _ask(self, channel: Channel, op: str, port: int) -> tuple[socket.socket, int]:
        async with self._room:
            with Exchange(channel) as exchange:
                self._taken[exchange.serial] = None
                try:
                    reply, _ = await exchange.ask(op=op, port=port, last=True)
                    # It was sent before the reply.
                    self._take_all()
                    inside = integer(reply, "port", 0, (1 << 16) - 1)
                    return _checked(self._taken.pop(exchange.serial), listens=op == "listen"), inside
                except (WireError, OSError) as error:
                    channel.close(f"its supervisor broke the protocol: {error}")
                    raise SandboxUnavailableError(f"the sandbox gave no socket: {error}") from error
                finally:
                    if late := self._taken.pop(exchange.serial, None):
                        late.close()

    def _take_all(self) -> None:
        try:
            while True:
                # Not by `recv_fds`, which drops the flag: a process started meanwhile would inherit the socket.
                name, sent, _, _ = self._rights.recvmsg(_SERIAL_BYTES, _ONE_DESCRIPTOR, socket.MSG_CMSG_CLOEXEC)
                for _, _, content in sent:
                    for descriptor in array.array("i", content):
                        self._take(name, descriptor)
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def _take(self, name: bytes, descriptor: int) -> None:
        serial = int(name) if name.isdigit() else 0
        if serial in self._taken and self._taken[serial] is None:
            with contextlib.suppress(OSError):
                self._taken[serial] = socket.socket(fileno=descriptor)
                return
        os.close(descriptor)  # nobody waits for it any more, or it is no socket


def _checked(made: socket.socket | None, *, listens: bool) -> socket.socket:
    if made is None:
        raise WireError("no socket")
    try:
        accepts = made.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if (made.family, made.type, accepts) != (socket.AF_INET, socket.SOCK_STREAM, listens):
            raise WireError("another kind of socket")
    except BaseException:
        made.close()
        raise
    made.setblocking(False)
    return made
