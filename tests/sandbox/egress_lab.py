"""A proxy of its own for each test: names, addresses and ports are the test's, and every byte is seen."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address

from claudebox_rl.sandbox._egress.addresses import Address
from claudebox_rl.sandbox._egress.egress import Egress
from claudebox_rl.sandbox._network.connection import SocketConnection
from claudebox_rl.sandbox._network.traffic import Traffic

PUBLIC = "93.184.215.14"
"""What every name resolves to, unless a test says otherwise."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class World:
    """What lies behind the proxy: one server that keeps what it is sent, at any address and port."""

    def __init__(self, answer: bytes = OK, handler: Handler | None = None) -> None:
        self.asked: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.received = b""
        self.addresses: dict[str, Sequence[str]] = {}
        self.answer, self.handler = answer, handler
        self.is_up = True

    async def resolve(self, name: str) -> list[Address]:
        self.asked.append(name)
        if name.startswith("nowhere"):
            raise OSError("no such name")
        return [ip_address(each) for each in self.addresses.get(name, [PUBLIC])]

    async def dial(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.dialled.append((address, port))
        if not self.is_up:
            raise ConnectionRefusedError("nobody is there")
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.handler is not None:
                await self.handler(reader, writer)
                return
            answered = False
            while data := await reader.read(1 << 16):
                self.received += data
                if not answered:
                    answered = True
                    writer.write(self.answer)
                    writer.write_eof()
        except ConnectionError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()


class Proxy:
    """The proxy under test, over a socket as a sandbox sees it."""

    def __init__(self, allowed: Sequence[str] | None, world: World, blocked: Sequence[str] = ()) -> None:
        self.traffic = Traffic()
        self.world = world
        self.egress = Egress(allowed, self.traffic, blocked_hosts=blocked, resolve=world.resolve, dial=world.dial)
        self.errors: list[BaseException] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = SocketConnection(reader, writer)
        try:
            await self.egress.serve(connection)
            await connection.close()
        except OSError:
            pass
        except Exception as error:
            self.errors.append(error)
        finally:
            connection.cut()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, request: bytes, *, then: bytes = b"", hang_up: bool = False) -> bytes:
        """Send bytes, more after the first answer, and return all that comes back until the end."""
        reader, writer = await self.connect()
        writer.write(request)
        said = b""
        if then:
            said = await reader.readuntil(b"\r\n\r\n")
            writer.write(then)
        if hang_up:
            writer.write_eof()
        try:
            async with asyncio.timeout(5):
                said += await reader.read()
        except ConnectionResetError:
            pass
        writer.close()
        return said

    @property
    def reasons(self) -> list[tuple[str, int]]:
        return [(each.host, each.port) for each in self.traffic.refused]


@asynccontextmanager
async def proxy(
    *allowed: str, full: bool = False, blocked: Sequence[str] = (), answer: bytes = OK, handler: Handler | None = None
) -> AsyncIterator[Proxy]:
    world = World(answer, handler)
    under_test = Proxy(None if full else allowed, world, blocked)
    server = await asyncio.start_server(under_test._serve, "127.0.0.1", 0)
    under_test.port = server.sockets[0].getsockname()[1]
    async with world.up():
        yield under_test
    server.close()
    assert under_test.errors == []


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def connect_to(host: str) -> bytes:
    return f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def client_hello(name: str | None) -> bytes:
    """Return what a real TLS client sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake needs two")
