"""Work in a local sandbox, ways to kill a part of it, and the question what is left: the tools of `test_chaos.py`."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox import Sandbox, SandboxSpec, journal
from claudebox_rl.sandbox._network.relay import Relay
from claudebox_rl.sandbox.journal import MachineRecord
from claudebox_rl.sandbox.local import LocalSandbox

DEADLINE_S = 8.0
"""For every caller to hear of a kill, and for `stop`: generous, since the tests share their processors."""
SPEC = SandboxSpec(network="restricted", allowed_hosts=("example.com",), max_processes=64)


# Work: each goes on until its machine is gone


async def _commands(sandbox: Sandbox) -> None:
    while (await sandbox.exec(["true"])).exit_code == 0:
        pass


async def _output(sandbox: Sandbox) -> None:
    async with await sandbox.open_exec(["sh", "-c", "while :; do echo 0123456789; done"]) as stream:
        async for _ in stream:
            await asyncio.sleep(0)  # more would let what is buffered outlive the machine for long
        await stream.wait()


async def _input(sandbox: Sandbox) -> None:
    async with await sandbox.open_exec(["cat"]) as stream:
        chunks = aiter(stream)
        while True:
            await stream.write_stdin(b"x" * 5000)
            await anext(chunks)


async def _silence(sandbox: Sandbox) -> None:
    await sandbox.exec(["sh", "-c", "sleep 61 & setsid sleep 62 & env -i setsid sh -c 'sleep 63; true' & wait"])


async def _files(sandbox: Sandbox) -> None:
    content = os.urandom(300_000)
    while True:
        await sandbox.write_file("/workspace/file", content)
        assert await sandbox.read_file("/workspace/file") == content


async def _metrics(sandbox: Sandbox) -> None:
    while (await sandbox.metrics()).num_commands >= 0:
        pass


async def _forks(sandbox: Sandbox) -> None:
    while True:
        forks = await sandbox.fork(2)
        await asyncio.gather(*(fork.stop() for fork in forks))


async def _connections(sandbox: Sandbox) -> None:
    async with echo_server() as port:
        host, _, inside = (await sandbox.expose_host_port(port)).rpartition(":")
        while True:
            await asyncio.wait_for(sandbox.exec(["bash", "-c", _TALK, "bash", host, inside]), 30)


_TALK = "exec 3<>/dev/tcp/$1/$2 && echo hello >&3 && head -n 1 <&3"
WORK: tuple[Callable[[Sandbox], Awaitable[None]], ...] = (
    _commands, _output, _input, _silence, _files, _metrics, _forks, _connections,
)  # fmt: skip


@asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.readline())
            await writer.drain()
        except OSError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


# Kills


def record_of(sandbox: Sandbox) -> MachineRecord:
    (entry,) = [entry for entry in journal.records() if entry.sandbox_id == sandbox.sandbox_id]
    return entry


def kill_supervisor(sandbox: LocalSandbox, chance: random.Random) -> None:
    os.kill(record_of(sandbox).machine_pid or 0, signal.SIGKILL)


def kill_bwrap(sandbox: LocalSandbox, chance: random.Random) -> None:
    assert sandbox._machine is not None
    os.kill(sandbox._machine._process.pid, signal.SIGKILL)


def kill_command(sandbox: LocalSandbox, chance: random.Random) -> None:
    inside = members(record_of(sandbox).machine_pid)[1:]
    if inside:
        os.kill(chance.choice(inside), signal.SIGKILL)


def cut_connections(sandbox: LocalSandbox, chance: random.Random) -> None:
    for relay in [each for each in gc.get_objects() if type(each) is Relay]:
        for connection in tuple(relay._connections):
            connection.cancel()


# What is left


def members(supervisor: int | None) -> list[int]:
    """Every process of a sandbox's process namespace, the supervisor first."""
    own = _namespace(supervisor)
    return [pid for pid in sorted(psutil.pids()) if own is not None and _namespace(pid) == own]


def _namespace(pid: int | None) -> Path | None:
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink()
    except OSError:
        return None


def seconds_until_gone(pids: list[int], started: float) -> float:
    """Wait until processes have ended; return for how long since `started`."""
    while left := [pid for pid in pids if _lives(pid)]:
        assert time.monotonic() - started < DEADLINE_S, f"orphans: {[_describe(pid) for pid in left]}"
        time.sleep(0.002)
    return time.monotonic() - started


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _describe(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return f"{pid} {process.status()} {process.cmdline()[:6]}"
    except psutil.Error:
        return f"{pid} (gone now)"


def mounted_by(home: Path) -> list[int]:
    """Every process that sees a folder of a home as a mount: each one of a sandbox does."""
    found = list[int]()
    for pid in psutil.pids():
        try:
            if f"{home}/" in Path(f"/proc/{pid}/mountinfo").read_text():
                found.append(pid)
        except OSError:
            continue
    return found


def assert_nothing_left(home: Path, groups: list[str]) -> None:
    """No record, folder, control group or process of a home's machines."""
    machines = home / "machines"
    left = [place.name for place in machines.iterdir() if not place.name.startswith(".")]
    left += [group for group in groups if Path(group).exists()]
    left += [_describe(pid) for pid in mounted_by(home)]
    assert not left, f"left behind: {left}"


class Toll:
    """What callers got, and how long things took."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.gone: list[float] = []
        self.stopped: list[float] = []

    def __str__(self) -> str:
        return "; ".join(f"{name} {_spread(times)}" for name, times in vars(self).items() if times)


def _spread(times: list[float]) -> str:
    ordered = [round(1000 * each) for each in sorted(times)]
    return f"p50 {ordered[len(ordered) // 2]} p90 {ordered[len(ordered) * 9 // 10]} max {ordered[-1]} ms"


async def callers_hear(tasks: list[asyncio.Task[None]]) -> None:
    """Require that each caller gets the error for a machine that is gone, in its time."""
    _, pending = await asyncio.wait(tasks, timeout=DEADLINE_S)
    assert not pending, f"these hang: {pending}"
    for task in tasks:
        error = task.exception()
        assert isinstance(error, SandboxUnavailableError), f"{task.get_name()}: {error!r}"


async def goes_on(sandbox: Sandbox) -> bool:
    """Say whether a machine still runs commands."""
    try:
        return (await asyncio.wait_for(sandbox.exec(["true"]), DEADLINE_S)).exit_code == 0
    except SandboxUnavailableError:
        return False
