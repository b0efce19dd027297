"""The network: one door to the host, and nothing else of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from claudebox_rl.errors import ConfigError, SandboxUnavailableError
from claudebox_rl.sandbox import ExecResult, Sandbox
from claudebox_rl.testing.sandbox_lab import Lab, NotHereError, check, expect, in_shell, refused

_PAYLOAD = bytes(range(256)) * 2000
_CONNECT = """
if command -v bash >/dev/null 2>&1; then
  exec bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat <&3' "$1" "$2"
elif command -v python3 >/dev/null 2>&1; then
  exec python3 -c 'import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
    while data := s.recv(65536): sys.stdout.buffer.write(data)' "$1" "$2"
fi
exit 77
"""
_ECHO = """
command -v python3 >/dev/null 2>&1 || exit 77
exec python3 -c 'import socketserver, sys
class Echo(socketserver.StreamRequestHandler):
    def handle(self): self.wfile.write(b"got " + self.rfile.read())
socketserver.ThreadingTCPServer.daemon_threads = True
socketserver.ThreadingTCPServer.request_queue_size = 64
socketserver.ThreadingTCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Echo)
print("up", flush=True)
server.serve_forever()' "$1"
"""
_INSIDE_PORT = 18080


class _Server:
    """A server on the host's loopback that sends the payload and counts who came."""

    def __init__(self) -> None:
        self.port = 0
        self.num_callers = 0

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.num_callers += 1
        writer.write(_PAYLOAD)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncGenerator[_Server]:
    """Serve the payload on the host's loopback."""
    server = _Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


async def connect(lab: Lab, sandbox: Sandbox, host: str, port: str | int) -> ExecResult:
    """Return what a command gets that dials an address inside."""
    result = await sandbox.exec(in_shell(_CONNECT, host, str(port)), timeout_s=lab.patience_s / 2)
    if result.exit_code == 77:
        raise NotHereError("there is neither bash nor python3 inside to connect with")
    return result


@check()
async def door_has_one_address(lab: Lab) -> None:
    """`expose_host_port` returns `host:port`, the same for the same port, also when asked twice at once."""
    sandbox = await lab.sandbox()
    async with serving() as server:
        answers = await asyncio.gather(*(sandbox.expose_host_port(server.port) for _ in range(2)))
        answers.append(await sandbox.expose_host_port(server.port))
    host, _, port = answers[0].rpartition(":")
    expect(host and port.isdigit() and len(set(answers)) == 1, "one host:port", answers)


@check("shell")
async def door_leads_to_the_host_s_port(lab: Lab) -> None:
    """A command that dials the address reaches the server on the host's loopback, and all its bytes arrive."""
    sandbox = await lab.sandbox()
    async with serving() as server, lab.promptly("fetching through the door"):
        host, _, port = (await sandbox.expose_host_port(server.port)).rpartition(":")
        results = await asyncio.gather(*(connect(lab, sandbox, host, port) for _ in range(4)))
    for result in results:
        expect(result.stdout == _PAYLOAD, "the payload", (len(result.stdout), result.exit_code, result.stderr))
    expect(server.num_callers == 4, "four callers", server.num_callers)


@check("shell")
async def two_doors_lead_to_two_ports(lab: Lab) -> None:
    """Two ports of the host can be open at once and do not mix."""
    sandbox = await lab.sandbox()
    async with serving() as one, serving() as other, lab.promptly("fetching through two doors"):
        addresses = [await sandbox.expose_host_port(server.port) for server in (one, other)]
        expect(addresses[0] != addresses[1], "two addresses", addresses)
        for address in addresses:
            host, _, port = address.rpartition(":")
            await connect(lab, sandbox, host, port)
    expect((one.num_callers, other.num_callers) == (1, 1), "one caller each", (one.num_callers, other.num_callers))


@check("shell", "isolation")
async def other_ports_of_the_host_are_shut(lab: Lab) -> None:
    """A loopback port that was not exposed can't be reached, under no address that the door has shown."""
    if lab.spec.network != "none":
        raise NotHereError(f"the ordinary machine has network={lab.spec.network}")
    sandbox = await lab.sandbox()
    async with serving() as server, serving() as other:
        host, _, _ = (await sandbox.expose_host_port(server.port)).rpartition(":")
        for name in {host, "127.0.0.1", "localhost"}:
            result = await connect(lab, sandbox, name, other.port)
            expect(result.exit_code != 0, f"no way to {name}:{other.port}", result)
    expect(other.num_callers == 0, "no caller", other.num_callers)


@check("shell", "isolation")
async def door_is_of_one_machine(lab: Lab) -> None:
    """A port that was exposed to one machine is not reachable from another."""
    if lab.spec.network != "none":
        raise NotHereError(f"the ordinary machine has network={lab.spec.network}")
    async with serving() as server, lab.fresh() as one, lab.fresh() as other:
        host, _, port = (await one.expose_host_port(server.port)).rpartition(":")
        await connect(lab, other, host, port)
    expect(server.num_callers == 0, "no caller", server.num_callers)


@asynccontextmanager
async def _echoing(sandbox: Sandbox) -> AsyncGenerator[None]:
    async with await sandbox.open_exec(in_shell(_ECHO, str(_INSIDE_PORT))) as stream:
        async for chunk in stream:
            expect(chunk.data == b"up\n", "a server inside", chunk)
            break
        else:
            raise NotHereError("there is no python3 inside to serve with")
        yield


async def _call(address: str, data: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@check("shell", "isolation")
async def published_port_leads_inside(lab: Lab) -> None:
    """`publish_port` returns an address of the host where the server inside answers, many callers at once."""
    async with lab.fresh() as sandbox, _echoing(sandbox):
        address = await sandbox.publish_port(_INSIDE_PORT)
        expect(await sandbox.publish_port(_INSIDE_PORT) == address, "the same answer for the same port", address)
        expect(address.startswith("127.0.0.1:"), "an address of the host's loopback", address)
        async with lab.promptly("calling a published port"):
            answers = await asyncio.gather(*(_call(address, bytes([n]) * 100_000) for n in range(8)))
        expect(answers == [b"got " + bytes([n]) * 100_000 for n in range(8)], "echoes", [len(a) for a in answers])
        metrics = await sandbox.metrics()
        counted = (metrics.network_received_bytes, metrics.network_sent_bytes)
        expect(counted == (800_000, 800_032), "every byte counted once", counted)


@check("shell", "isolation")
async def port_is_published_where_it_is_asked_for(lab: Lab) -> None:
    """`host_port` is the port of the host's loopback; one that is taken raises ConfigError."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        free: int = found.getsockname()[1]
    async with lab.fresh() as sandbox, _echoing(sandbox):
        address = await sandbox.publish_port(_INSIDE_PORT, free)
        expect(address == f"127.0.0.1:{free}", "that very port", address)
        expect(await sandbox.publish_port(_INSIDE_PORT, free) == address, "the same answer for the same ports")
        async with lab.promptly("calling a published port"):
            expect(await _call(address, b"hello") == b"got hello", "an echo")
        with socket.create_server(("127.0.0.1", 0)) as taken, refused(ConfigError):
            await sandbox.publish_port(_INSIDE_PORT, taken.getsockname()[1])
        with refused(ConfigError):
            await sandbox.publish_port(_INSIDE_PORT, 1 << 16)


@check("shell", "isolation")
async def published_port_leads_nowhere_else(lab: Lab) -> None:
    """A port that nobody serves inside is cut, even where the host serves one of that number."""
    sandbox = await lab.sandbox()
    async with serving() as server, lab.promptly("calling a port that nobody serves"):
        address = await sandbox.publish_port(server.port)
        expect(await _call(address, b"hello") == b"", "nothing")
        expect(server.num_callers == 0, "no caller", server.num_callers)


@check("shell", "isolation")
async def published_port_is_cut_at_stop(lab: Lab) -> None:
    """`stop` cuts open connections to a published port and listens no more."""
    async with lab.fresh() as sandbox, _echoing(sandbox):
        address = await sandbox.publish_port(_INSIDE_PORT)
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"hello")
        await sandbox.stop()
        async with lab.promptly("cutting a connection"):
            with suppress(ConnectionResetError):
                expect(await reader.read() == b"", "nothing more")
        writer.close()
        with refused(ConnectionRefusedError):
            await asyncio.open_connection(host, int(port))


@check()
async def port_must_be_one(lab: Lab) -> None:
    """`publish_port` of what is no port raises ConfigError, and on a stopped machine SandboxUnavailableError."""
    sandbox = await lab.sandbox()
    for port in (0, -1, 1 << 16):
        with refused(ConfigError):
            await sandbox.publish_port(port)
    async with lab.fresh() as stopped:
        await stopped.stop()
        with refused(SandboxUnavailableError):
            await stopped.publish_port(_INSIDE_PORT)
