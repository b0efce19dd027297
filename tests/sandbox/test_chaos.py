"""Kills at random moments of random work: nobody hangs, nothing is left, and every caller gets the right error.

A failure prints its seed; `CHAOS_SEED=n` plays the same kills again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from chaos_lab import (
    DEADLINE_S,
    SPEC,
    WORK,
    Toll,
    assert_nothing_left,
    callers_hear,
    cut_connections,
    goes_on,
    kill_bwrap,
    kill_command,
    kill_supervisor,
    members,
    mounted_by,
    record_of,
    seconds_until_gone,
)

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import journal, reaper
from claudebox_rl.sandbox.local import LocalSandbox

_LOG = logging.getLogger(__name__)
pytestmark = pytest.mark.usefixtures("local_sandbox")
SEED = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    _LOG.warning(f"CHAOS_SEED={SEED}")
    return tmp_path


def num_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# A part of the machine


async def kill_part(kind: str, chance: random.Random, home: Path, toll: Toll) -> None:
    kill = {
        "supervisor": kill_supervisor,
        "bwrap": kill_bwrap,
        "command": kill_command,
        "connections": cut_connections,
    }[kind]
    sandbox = LocalSandbox(SPEC)
    await sandbox.start()
    entry = record_of(sandbox)
    some = chance.sample(WORK, k=3)
    # Work that may go on after a cut connection or a killed command tells nothing: it is there to be in the way.
    tasks = [asyncio.create_task(work(sandbox), name=work.__name__) for work in some]
    await asyncio.sleep(chance.uniform(0, 0.06))
    inside = members(entry.machine_pid)
    started = time.monotonic()
    kill(sandbox, chance)
    if kind == "supervisor":
        await callers_hear(tasks)
        toll.heard.append(time.monotonic() - started)
        toll.gone.append(await asyncio.to_thread(seconds_until_gone, inside, started))
        assert not await goes_on(sandbox)
    else:
        assert await goes_on(sandbox)
    stopping = time.monotonic()
    await asyncio.wait_for(sandbox.stop(), DEADLINE_S)
    toll.stopped.append(time.monotonic() - stopping)
    if kind != "supervisor":
        _, pending = await asyncio.wait(tasks, timeout=DEADLINE_S)
        assert not pending, f"these hang: {pending}"
    await asyncio.to_thread(seconds_until_gone, inside, stopping)
    assert_nothing_left(home, entry.extra.get("groups", []))


async def kill_parts(home: Path, count: int) -> None:
    kinds = ("supervisor", "supervisor", "supervisor", "bwrap", "command", "connections")
    before, toll = num_descriptors(), Toll()
    for number in range(count):
        chance = random.Random(f"{SEED} {number}")
        kind = chance.choice(kinds)
        try:
            async with asyncio.timeout(6 * DEADLINE_S):
                await kill_part(kind, chance, home, toll)
        except BaseException:
            _LOG.warning(f"CHAOS_SEED={SEED} kill {number}: {kind}")
            raise
    _LOG.warning(f"{count} kills of parts, seed {SEED}: {toll}")
    await asyncio.sleep(0.05)
    assert num_descriptors() <= before + 8  # what the first sandbox of a process opens for all


async def kill_starts(home: Path, count: int) -> None:
    """Kill bwrap, alone or with all below it, while a machine starts."""
    for number in range(count):
        chance = random.Random(f"{SEED} start {number}")
        try:
            await kill_start(chance, home)
        except BaseException:
            _LOG.warning(f"CHAOS_SEED={SEED} start {number}")
            raise


async def kill_start(chance: random.Random, home: Path) -> None:
    sandbox = LocalSandbox(replace(SPEC, start_timeout_s=2.0))
    starting = asyncio.create_task(sandbox.start())
    await asyncio.sleep(chance.uniform(0.005, 0.08))
    machine = sandbox._machine
    if machine is not None and not starting.done():
        below = _children(machine._process.pid) if chance.random() < 0.7 else []
        for process in reversed([machine._process.pid, *below]):
            os.kill(process, signal.SIGKILL)
    # The start's own time, and that of a stop in which nothing ends by itself.
    (outcome,) = await asyncio.wait_for(asyncio.gather(starting, return_exceptions=True), 2 + 6 + DEADLINE_S)
    if outcome is not None:
        assert isinstance(outcome, SandboxStartError), repr(outcome)
        assert outcome.context.get("cause") in ("boot", "timeout"), outcome
    await asyncio.wait_for(sandbox.stop(), DEADLINE_S)
    assert_nothing_left(home, [])


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


# The driver

DRIVER = """
import asyncio, random, sys
from chaos_lab import SPEC, WORK
from claudebox_rl.sandbox.local import LocalSandbox

async def live(chance):
    async with LocalSandbox(SPEC) as sandbox:
        some = [asyncio.create_task(work(sandbox)) for work in chance.sample(WORK, k=2)]
        await asyncio.wait(some, timeout=chance.uniform(0, 0.2))
        for task in some:
            task.cancel()
        await asyncio.gather(*some, return_exceptions=True)

async def main():
    chance = random.Random(sys.argv[1])
    print("up", flush=True)
    while True:
        await asyncio.gather(live(chance), live(chance))

asyncio.run(main())
"""


def kill_driver(chance: random.Random, home: Path, toll: Toll) -> None:
    path = os.pathsep.join(path for path in [str(Path(__file__).parent), *sys.path] if path)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(chance.random())],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    with driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == b"up\n"
        time.sleep(chance.uniform(0.05, 0.8))
        # Held still, so that it starts nothing that the list does not have.
        driver.send_signal(signal.SIGSTOP)
        time.sleep(0.01)
        processes = sorted({*_children(driver.pid), *mounted_by(home)} - {driver.pid})
        groups = [group for entry in journal.records() for group in entry.extra.get("groups", [])]
        started = time.monotonic()
        driver.kill()
    toll.gone.append(seconds_until_gone(processes, started))
    errors = [leftover.error for leftover in reaper.reap(wait=True)]
    assert errors == [None] * len(errors)
    assert_nothing_left(home, groups)


def kill_drivers(home: Path, count: int) -> None:
    toll = Toll()
    for number in range(count):
        try:
            kill_driver(random.Random(f"{SEED} driver {number}"), home, toll)
        except BaseException:
            _LOG.warning(f"CHAOS_SEED={SEED} driver {number}")
            raise
    _LOG.warning(f"{count} kills of drivers, seed {SEED}: {toll}")


async def test_a_few_kills_of_parts(home: Path) -> None:
    await kill_parts(home, 14)


async def test_a_supervisor_that_hangs_is_ended_though_its_bwrap_was_killed(home: Path) -> None:
    sandbox = LocalSandbox(SPEC)
    await sandbox.start()
    entry = record_of(sandbox)
    assert entry.machine_pid
    os.kill(entry.machine_pid, signal.SIGSTOP)
    kill_bwrap(sandbox, random.Random())
    await asyncio.wait_for(sandbox.stop(), DEADLINE_S)
    assert_nothing_left(home, entry.extra.get("groups", []))


async def test_a_few_kills_of_starts(home: Path) -> None:
    await kill_starts(home, 4)


def test_a_few_kills_of_the_driver(home: Path) -> None:
    kill_drivers(home, 3)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_many_kills_of_parts(home: Path) -> None:
    await kill_parts(home, 210)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_many_kills_of_starts(home: Path) -> None:
    await kill_starts(home, 50)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_many_kills_of_the_driver(home: Path) -> None:
    kill_drivers(home, 40)
