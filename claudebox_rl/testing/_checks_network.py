"""The network: one door to the host, and nothing else of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from claudebox_rl.sandbox import ExecResult, Sandbox
from claudebox_rl.testing.sandbox_lab import Lab, NotHereError, check, expect, in_shell

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
async def _serving() -> AsyncGenerator[_Server]:
    server = _Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


async def _connect(lab: Lab, sandbox: Sandbox, host: str, port: str | int) -> ExecResult:
    result = await sandbox.exec(in_shell(_CONNECT, host, str(port)), timeout_s=lab.patience_s / 2)
    if result.exit_code == 77:
        raise NotHereError("there is neither bash nor python3 inside to connect with")
    return result


@check()
async def door_has_one_address(lab: Lab) -> None:
    """`expose_host_port` returns `host:port`, the same for the same port, also when asked twice at once."""
    sandbox = await lab.sandbox()
    async with _serving() as server:
        answers = await asyncio.gather(*(sandbox.expose_host_port(server.port) for _ in range(2)))
        answers.append(await sandbox.expose_host_port(server.port))
    host, _, port = answers[0].rpartition(":")
    expect(host and port.isdigit() and len(set(answers)) == 1, "one host:port", answers)


@check("shell")
async def door_leads_to_the_host_s_port(lab: Lab) -> None:
    """A command that dials the address reaches the server on the host's loopback, and all its bytes arrive."""
    sandbox = await lab.sandbox()
    async with _serving() as server, lab.promptly("fetching through the door"):
        host, _, port = (await sandbox.expose_host_port(server.port)).rpartition(":")
        results = await asyncio.gather(*(_connect(lab, sandbox, host, port) for _ in range(4)))
    for result in results:
        expect(result.stdout == _PAYLOAD, "the payload", (len(result.stdout), result.exit_code, result.stderr))
    expect(server.num_callers == 4, "four callers", server.num_callers)


@check("shell")
async def two_doors_lead_to_two_ports(lab: Lab) -> None:
    """Two ports of the host can be open at once and do not mix."""
    sandbox = await lab.sandbox()
    async with _serving() as one, _serving() as other, lab.promptly("fetching through two doors"):
        addresses = [await sandbox.expose_host_port(server.port) for server in (one, other)]
        expect(addresses[0] != addresses[1], "two addresses", addresses)
        for address in addresses:
            host, _, port = address.rpartition(":")
            await _connect(lab, sandbox, host, port)
    expect((one.num_callers, other.num_callers) == (1, 1), "one caller each", (one.num_callers, other.num_callers))


@check("shell", "isolation")
async def other_ports_of_the_host_are_shut(lab: Lab) -> None:
    """A loopback port that was not exposed can't be reached, under no address that the door has shown."""
    if lab.spec.network != "none":
        raise NotHereError(f"the ordinary machine has network={lab.spec.network}")
    sandbox = await lab.sandbox()
    async with _serving() as server, _serving() as other:
        host, _, _ = (await sandbox.expose_host_port(server.port)).rpartition(":")
        for name in {host, "127.0.0.1", "localhost"}:
            result = await _connect(lab, sandbox, name, other.port)
            expect(result.exit_code != 0, f"no way to {name}:{other.port}", result)
    expect(other.num_callers == 0, "no caller", other.num_callers)


@check("shell", "isolation")
async def door_is_of_one_machine(lab: Lab) -> None:
    """A port that was exposed to one machine is not reachable from another."""
    if lab.spec.network != "none":
        raise NotHereError(f"the ordinary machine has network={lab.spec.network}")
    async with _serving() as server, lab.fresh() as one, lab.fresh() as other:
        host, _, port = (await one.expose_host_port(server.port)).rpartition(":")
        await _connect(lab, other, host, port)
    expect(server.num_callers == 0, "no caller", server.num_callers)
