"""The doors of a local sandbox: single ports of the host's loopback, and its own ports published there."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from ordinary_user import run_tests
from ports_lab import assert_ends_with

from claudebox_rl.errors import ConfigError, SandboxUnavailableError
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
        with pytest.raises(ConnectionResetError):  # what is cut must not look like an end
            await reader.read()
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


# Ways in


async def fetch(address: str, num_bytes: int = 10) -> str:
    """Send bytes to a published port, and return the digest of what comes back."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"x" * num_bytes)
    writer.write_eof()
    digest = hashlib.sha256()
    try:
        while data := await reader.read(1 << 16):
            digest.update(data)
    finally:
        writer.close()
    return digest.hexdigest()


SERVE = """
import socketserver, sys
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read())
socketserver.ThreadingTCPServer.daemon_threads = True
socketserver.ThreadingTCPServer.request_queue_size = 128
server = socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Echo)
print("up", flush=True)
server.serve_forever()
"""


@asynccontextmanager
async def serving_inside(box: LocalSandbox, port: int) -> AsyncIterator[None]:
    async with await box.open_exec(["python3", "-c", SERVE, str(port)]) as server:
        async for _ in server:
            break
        yield


@pytest.mark.parametrize("num_bytes", [0, 10, 20_000_000])
async def test_a_published_port_leads_inside(box: LocalSandbox, num_bytes: int) -> None:
    async with serving_inside(box, 8123):
        address = await box.publish_port(8123)
        assert address.startswith("127.0.0.1:")
        assert await box.publish_port(8123) == address
        assert await fetch(address, num_bytes) == hashlib.sha256(b"x" * num_bytes).hexdigest()
        assert box._traffic.received == box._traffic.sent == num_bytes


async def test_many_callers_of_a_published_port(box: LocalSandbox) -> None:
    async with serving_inside(box, 8123):
        address = await box.publish_port(8123)
        found = await asyncio.gather(*(fetch(address, 1000 + n) for n in range(60)))
    assert found == [hashlib.sha256(b"x" * (1000 + n)).hexdigest() for n in range(60)]


async def test_nobody_serves_inside_yet(box: LocalSandbox) -> None:
    address = await box.publish_port(8123)
    with contextlib.suppress(ConnectionResetError):
        assert await fetch(address, 0) == hashlib.sha256().hexdigest()
    async with serving_inside(box, 8123):
        assert await fetch(address, 10) == hashlib.sha256(b"x" * 10).hexdigest()


async def test_a_published_port_reaches_nothing_of_the_host(box: LocalSandbox) -> None:
    called = asyncio.Event()
    server, port = await serve(lambda reader, writer: called.set())  # type: ignore[arg-type]
    async with server:
        address = await box.publish_port(port)
        with contextlib.suppress(ConnectionResetError):
            await fetch(address)
    assert not called.is_set()


async def test_a_server_that_takes_no_connections_holds_up_nothing(box: LocalSandbox) -> None:
    listen = "import socket, time; s = socket.create_server(('127.0.0.1', 8123), backlog=0); print(1, flush=True); "
    listen += "time.sleep(60)"
    async with await box.open_exec(["python3", "-c", listen]) as server:
        async for _ in server:
            break
        address = await box.publish_port(8123)
        host, _, port = address.partition(":")
        callers = [await asyncio.open_connection(host, int(port)) for _ in range(20)]
        assert (await asyncio.wait_for(box.exec(["echo", "alive"]), 5)).text == "alive\n"
        for _, writer in callers:
            writer.transport.abort()


async def test_a_published_port_ends_with_the_sandbox() -> None:
    async with LocalSandbox() as box, serving_inside(box, 8123):
        address = await box.publish_port(8123)
        await assert_ends_with(box, address)
        with pytest.raises(SandboxUnavailableError):
            await box.publish_port(8123)


@pytest.mark.parametrize("port", [0, -1, 65536])
async def test_no_such_port_inside(box: LocalSandbox, port: int) -> None:
    with pytest.raises(ConfigError):
        await box.publish_port(port)


def num_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_process_inherits_a_socket(box: LocalSandbox) -> None:
    async with serving_inside(box, 8123):
        address = await box.publish_port(8123)
        await box.expose_host_port(9991)
        _, writer = await asyncio.open_connection(*address.split(":"))
        found = await box.exec(["ls", "-l", "/proc/self/fd"])
        assert "socket" not in found.text
        sockets = {path: path.resolve().name for path in Path("/proc/self/fd").iterdir()}
        held = [int(path.name) for path, name in sockets.items() if name.startswith("socket:")]
        assert len(held) > 3
        assert not [each for each in held if os.get_inheritable(each)]
        writer.close()


async def test_sockets_asked_for_by_those_who_left_are_closed(box: LocalSandbox) -> None:
    async with serving_inside(box, 8123):
        address = await box.publish_port(8123)
        before = num_descriptors()
        for _ in range(40):
            request = asyncio.create_task(box._handover.unconnected(box._live()))
            await asyncio.sleep(0)
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
        assert await fetch(address) == hashlib.sha256(b"x" * 10).hexdigest()
        await asyncio.sleep(0.2)
        assert num_descriptors() == before


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_all_of_it_holds_for_an_ordinary_user() -> None:
    run_tests(__file__)
