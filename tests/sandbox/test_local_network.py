"""The one door of a local sandbox: single ports of the host's loopback."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

EXCHANGE = """
import hashlib, socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as peer:
    peer.sendall(b"x" * int(sys.argv[3]))
    peer.shutdown(socket.SHUT_WR)
    digest = hashlib.sha256()
    while data := peer.recv(1 << 16):
        digest.update(data)
print(digest.hexdigest())
"""


@pytest.fixture
async def box() -> AsyncIterator[LocalSandbox]:
    async with LocalSandbox() as sandbox:
        yield sandbox


async def echo_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers only after the peer's end-of-file: half-closed connections have to work."""
    writer.write(await reader.read())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def serve(handler: Handler) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def dial(box: LocalSandbox, address: str, num_bytes: int = 10) -> str:
    host, _, port = address.partition(":")
    result = await box.exec(["python3", "-c", EXCHANGE, host, port, str(num_bytes)], timeout_s=20)
    return result.text.strip() or result.stderr.decode()


@pytest.mark.parametrize("num_bytes", [0, 10, 20_000_000])
async def test_bytes_go_both_ways(box: LocalSandbox, num_bytes: int) -> None:
    server, port = await serve(echo_at_the_end)
    async with server:
        address = await box.expose_host_port(port)
        assert address == f"127.0.0.1:{port}"
        assert await dial(box, address, num_bytes) == hashlib.sha256(b"x" * num_bytes).hexdigest()


async def test_only_the_exposed_port(box: LocalSandbox) -> None:
    server, port = await serve(echo_at_the_end)
    other, other_port = await serve(echo_at_the_end)
    async with server, other:
        await box.expose_host_port(port)
        assert "Connection refused" in await dial(box, f"127.0.0.1:{other_port}")


async def test_the_same_answer_for_the_same_port(box: LocalSandbox) -> None:
    answers = await asyncio.gather(*(box.expose_host_port(9999) for _ in range(5)))
    assert len(set(answers)) == 1


async def test_a_port_that_is_taken_inside_gets_another_number(box: LocalSandbox) -> None:
    server, port = await serve(echo_at_the_end)
    holder = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); print('up', flush=True); time.sleep(60)"
    )
    async with server, await box.open_exec(["python3", "-c", holder]) as held:
        async for _ in held:
            break
        address = await box.expose_host_port(port)
        assert address != f"127.0.0.1:{port}"
        assert await dial(box, address) == hashlib.sha256(b"x" * 10).hexdigest()


async def test_a_privileged_port_gets_another_number(box: LocalSandbox) -> None:
    assert int((await box.expose_host_port(80)).partition(":")[2]) >= 1024


async def test_nobody_listens_outside(box: LocalSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = await box.expose_host_port(port)
    assert await dial(box, address) != hashlib.sha256(b"x" * 10).hexdigest()


async def test_many_connections_at_once(box: LocalSandbox) -> None:
    server, port = await serve(echo_at_the_end)
    async with server:
        address = await box.expose_host_port(port)
        results = await asyncio.gather(*(dial(box, address, 100_000) for _ in range(8)))
    assert set(results) == {hashlib.sha256(b"x" * 100_000).hexdigest()}


async def test_open_connections_end_with_the_sandbox() -> None:
    ended = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        while await reader.read(1024):
            pass
        writer.close()
        ended.set()

    server, port = await serve(hold)
    async with server:
        async with LocalSandbox() as box:
            host, _, inside = (await box.expose_host_port(port)).partition(":")
            script = f"import socket; s = socket.create_connection(('{host}', {inside}))\nwhile True: print(s.recv(5))"
            stream = await box.open_exec(["python3", "-uc", script])
            async for chunk in stream:
                assert b"hello" in chunk.data
                break
        await asyncio.wait_for(ended.wait(), 5)


@pytest.mark.parametrize("port", [0, -1, 65536])
async def test_no_such_port(box: LocalSandbox, port: int) -> None:
    with pytest.raises(ConfigError):
        await box.expose_host_port(port)
