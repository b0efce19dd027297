"""Runs probes in one session, with the real CLI and a scripted model, and tells which of them had their effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from session_probes import PROBES, here, outside

from claudebox_rl import ClaudeBox
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox._egress.addresses import Address
from claudebox_rl.sandbox._egress.egress import Egress
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.types import ToolCall

_CHECK = 'cd "$1" && eval "$2"'
_PUBLIC = "93.184.215.14"


@dataclass(frozen=True)
class Tried:
    """What came of one probe."""

    n: int
    call: ToolCall
    happened: bool


class World:
    """What lies behind every proxy: one server that has any name and keeps what it is asked."""

    def __init__(self) -> None:
        self.received = b""

    async def resolve(self, name: str) -> list[Address]:
        """Give the one address that there is."""
        return [ip_address(_PUBLIC)]

    async def dial(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Reach the server."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.received += await reader.read(1 << 16)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()

    @asynccontextmanager
    async def behind(self, patch: pytest.MonkeyPatch) -> AsyncIterator[None]:
        """Be behind the proxy of every local sandbox."""
        world = self

        def make(sandbox: LocalSandbox) -> Egress:
            allowed = sandbox.spec.allowed_hosts if sandbox.spec.network == "restricted" else None
            blocked, traffic = sandbox.spec.blocked_hosts, sandbox._traffic
            return Egress(allowed, traffic, blocked_hosts=blocked, resolve=world.resolve, dial=world.dial)

        patch.setattr(LocalSandbox, "_make_egress", make)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()


async def try_probes(preset: str, numbers: list[int], folder: Path, world: World) -> list[Tried]:
    """Play probes one after the other under a preset; `folder` is an empty one of the host."""
    with pytest.MonkeyPatch.context() as patch:
        async with world.behind(patch):
            return await _try(preset, numbers, folder, world)


async def _try(preset: str, numbers: list[int], folder: Path, world: World) -> list[Tried]:
    calls = [call for n in numbers for call in (*PROBES[n].first, PROBES[n].call)]
    turns: list[dict[str, Any]] = [{"tools": [{"name": name, "input": given}]} for name, given in calls]
    model = {"upstream": "scripted", "options": {"script": [*turns, {"text": "done"}]}}
    async with ClaudeBox(model=model, sandbox="local", security_policy=preset) as session:
        await _prepare(session.sandbox, numbers, folder)
        result = await session.code("go", max_turns=len(turns) + 1)
        assert result.success, result.error
        log = list(result.action_log)
        assert [call.input | given for call, (_, given) in zip(log, calls, strict=True)] == [call.input for call in log]
        await session.sandbox.write_file("/logs/asked", world.received)
        tried: list[Tried] = []
        for n in numbers:
            del log[: len(PROBES[n].first)]
            call = log.pop(0)
            check = ["bash", "-c", _CHECK, "bash", here(n), PROBES[n].happened]
            done = await session.sandbox.exec(check, env={"OUT": call.output.replace("\0", "")[:50_000]})
            tried.append(Tried(n, call, done.exit_code == 0))
    return tried


async def _prepare(sandbox: Sandbox, numbers: list[int], folder: Path) -> None:
    inside, beyond = folder / "inside", folder / "beyond"
    for n in numbers:
        for path, text in (("victim/f", "x"), ("old", "old\n")):
            place = inside / Path(here(n)).name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        place = beyond / Path(outside(n)).name
        place.mkdir(parents=True)
        (place / "key").write_text(f"KEY-{n}-\n")
        (place / f"KEY-{n}-name").touch()
    await sandbox.copy_in(inside, "/workspace")
    await sandbox.copy_in(beyond, "/tests")
    if not sandbox.spec.read_only_workspace:
        links = "".join(f"ln -s {outside(n)} {here(n)}/link\n" for n in numbers)
        assert (await sandbox.exec(["sh", "-ec", links])).exit_code == 0
