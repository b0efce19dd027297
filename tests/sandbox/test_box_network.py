"""A box's ways out and in, over its main command's pipes; without a VM, as in `test_box_link`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from egress_lab import PUBLIC, World, client_hello
from ports_lab import assert_ends_with
from test_box_link import Piped

from claudebox_rl.sandbox._egress.egress import Egress
from claudebox_rl.sandbox._guest.streams import CONTROL, OPEN, StreamError, Streams
from claudebox_rl.sandbox._local.bwrap_options import python
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import SandboxSpec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pid namespaces are Linux's")
RESTRICTED = SandboxSpec(network="restricted", allowed_hosts=("example.com", "git.test:22"))
SERVE = """
import socketserver
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read())
socketserver.ThreadingTCPServer.daemon_threads = True
socketserver.ThreadingTCPServer.request_queue_size = 128
server = socketserver.ThreadingTCPServer(("127.0.0.1", 8123), Echo)
print("up", flush=True)
server.serve_forever()
"""
TUNNEL = """
import os, socket, sys
place, first = sys.argv[1], bytes.fromhex(sys.argv[2])
with socket.create_connection(("127.0.0.1", 3128)) as s:
    s.sendall(f"CONNECT {place} HTTP/1.1\\r\\nHost: {place}\\r\\n\\r\\n".encode())
    said = b""
    while b"\\r\\n\\r\\n" not in said:
        said += s.recv(1000) or sys.exit("hung up")
    s.sendall(first)
    while data := s.recv(65536):
        said += data
    sys.stdout.buffer.write(said)
"""


class WorldlyBox(Piped):
    """A box whose proxy sees a world of the test's."""

    def __init__(self, spec: SandboxSpec, world: World) -> None:
        super().__init__(spec)
        self.world = world

    def _make_egress(self) -> Egress:
        return Egress(self.spec.allowed_hosts, self._traffic, resolve=self.world.resolve, dial=self.world.dial)


@asynccontextmanager
async def worldly(world: World) -> AsyncIterator[WorldlyBox]:
    async with world.up(), WorldlyBox(RESTRICTED, world) as box:
        yield box


async def test_the_proxy_serves_a_box() -> None:
    async with worldly(World()) as box:
        listed = await box.exec(["curl", "-sS", "--max-time", "10", "http://example.com/x"], cwd="/")
        assert listed.text == "hello", listed.stderr
        other = await box.exec(["curl", "-sS", "--max-time", "10", "http://evil.test/"], cwd="/")
        assert "allowed_hosts" in other.text
        assert box.world.dialled == [(PUBLIC, 80)]
        assert [(each.host, each.port) for each in box.take_refused()] == [("evil.test", 80)]


async def test_a_box_is_told_of_the_proxy() -> None:
    async with worldly(World()) as box:
        found = (await box.exec(["sh", "-c", "echo $http_proxy $HTTPS_PROXY $no_proxy"], cwd="/")).text
    assert found == "http://127.0.0.1:3128 http://127.0.0.1:3128 localhost,127.0.0.1,::1\n"


async def test_tls_through_a_box_s_proxy() -> None:
    async with worldly(World(answer=b"from the server")) as box:
        tunnel = [python(), "-c", TUNNEL, "example.com:443"]
        passed = await box.exec([*tunnel, client_hello("example.com").hex()], cwd="/", timeout_s=20)
        assert passed.stdout.endswith(b"from the server"), passed
        refused = await box.exec([*tunnel, client_hello("evil.test").hex()], cwd="/", timeout_s=20)
        assert refused.stdout.endswith(b"\x15\x03\x03\x00\x02\x02\x70"), refused
        assert box._traffic.sent == len(client_hello("example.com"))


async def test_much_through_a_box_s_proxy() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000)
        await writer.drain()

    async with worldly(World(handler=pour)) as box:
        fetch = "curl -s --max-time 60 http://example.com/ | sha256sum"
        done = await asyncio.gather(*(box.exec(["sh", "-c", fetch], cwd="/") for _ in range(3)))
    assert {result.text.split()[0] for result in done} == {hashlib.sha256(b"x" * 3_000_000).hexdigest()}


async def test_what_is_cut_on_the_way_does_not_look_whole() -> None:
    async def stop_short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
        await writer.drain()

    async with worldly(World(handler=stop_short)) as box:
        assert (await box.exec(["curl", "-s", "http://example.com/"], cwd="/", timeout_s=20)).exit_code in (18, 56)
        # The link goes on.
        assert (await box.exec(["echo", "alive"], cwd="/")).text == "alive\n"


async def test_no_way_past_a_box_s_proxy() -> None:
    direct = "import socket; socket.create_connection(('8.8.8.8', 53), 5)"
    async with worldly(World()) as box:
        assert b"unreachable" in (await box.exec([python(), "-c", direct], cwd="/", timeout_s=20)).stderr


@asynccontextmanager
async def serving_inside(box: Piped) -> AsyncIterator[str]:
    async with await box.open_exec([python(), "-c", SERVE], cwd="/") as server:
        async for _ in server:
            break
        yield await box.publish_port(8123)


async def fetch(address: str, num_bytes: int) -> str:
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"x" * num_bytes)
    writer.write_eof()
    received = await reader.read()
    writer.close()
    return hashlib.sha256(received).hexdigest()


@pytest.mark.parametrize("num_bytes", [0, 10, 3_000_000])
async def test_a_published_port_leads_into_a_box(num_bytes: int) -> None:
    async with Piped() as box, serving_inside(box) as address:
        assert await fetch(address, num_bytes) == hashlib.sha256(b"x" * num_bytes).hexdigest()
        assert box._traffic.sent == box._traffic.received == num_bytes


async def test_many_callers_of_a_box() -> None:
    async with Piped() as box, serving_inside(box) as address:
        found = await asyncio.gather(*(fetch(address, 20_000 + n) for n in range(30)))
    assert found == [hashlib.sha256(b"x" * (20_000 + n)).hexdigest() for n in range(30)]


async def test_nobody_serves_in_a_box() -> None:
    async with Piped() as box:
        address = await box.publish_port(8123)
        with contextlib.suppress(ConnectionResetError):
            assert await fetch(address, 5) == hashlib.sha256().hexdigest()
        assert (await box.exec(["echo", "alive"], cwd="/")).text == "alive\n"


async def test_a_box_s_published_port_ends_with_it() -> None:
    async with Piped() as box, serving_inside(box) as address:
        await assert_ends_with(box, address)


async def test_commands_inherit_no_socket() -> None:
    async with Piped(RESTRICTED) as box, serving_inside(box) as address:
        await box.expose_host_port(9991)
        await fetch(address, 5)
        found = await box.exec(["ls", "-l", "/proc/self/fd"], cwd="/")
    assert "socket" not in found.text


def test_a_box_opens_no_stream_of_the_host_s_numbers() -> None:
    sent: list[bytes] = []

    async def accept(*_: object) -> None:
        raise AssertionError("not to be reached")

    host = Streams(sent.append, accept, first=2)
    for serial in (2, 4, CONTROL):
        with pytest.raises(StreamError, match="not the peer's"):
            host.receive(OPEN, serial, 0, b"")


def test_boxlite_says_so() -> None:
    assert BoxliteSandbox.capabilities().networks == {"none", "restricted", "full"}
