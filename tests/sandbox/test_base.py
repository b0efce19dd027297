"""What every backend inherits: whole commands on streams, and a context that always stops."""

from __future__ import annotations

import asyncio

import pytest

from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._output import CUT, Kept
from claudebox_rl.testing.fake_sandbox import FakeCall, FakeSandbox


class CountsStops(FakeSandbox):
    num_stops = 0

    async def stop(self) -> None:
        self.num_stops += 1
        await asyncio.sleep(0.05)
        await super().stop()


class DoesNotStart(CountsStops):
    async def start(self) -> None:
        raise SandboxStartError("no machine here")


def test_output_below_the_cap_is_kept_whole() -> None:
    kept = Kept(4)
    kept.add(b"ab")
    kept.add(b"cd")

    assert (kept.cut, kept.marked()) == (False, b"abcd")


def test_output_over_the_cap_is_marked_once() -> None:
    kept = Kept(3)
    for data in (b"ab", b"cd", b"ef"):
        kept.add(data)

    assert (kept.cut, kept.marked()) == (True, b"abc" + CUT)


def test_sandbox_needs_no_spec() -> None:
    assert FakeSandbox().spec == SandboxSpec()


async def test_failed_start_is_stopped() -> None:
    sandbox = DoesNotStart()
    with pytest.raises(SandboxStartError, match="no machine here"):
        async with sandbox:
            pytest.fail("it did not start")

    assert sandbox.num_stops == 1


async def test_stop_is_finished_though_its_task_is_cancelled() -> None:
    sandbox = CountsStops()
    entered = asyncio.Event()

    async def hold() -> None:
        async with sandbox:
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hold())
    await entered.wait()
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0.1)

    assert task.cancelled()
    with pytest.raises(SandboxUnavailableError, match="stopped"):
        await sandbox.exec(["true"])


async def test_death_during_a_command_is_no_result() -> None:
    async def die(call: FakeCall) -> int:
        call.write_stdout(b"last words")
        call.sandbox.die()
        await asyncio.sleep(60)
        return 0

    async with FakeSandbox() as sandbox:
        sandbox.handlers["die"] = die
        with pytest.raises(SandboxUnavailableError, match="dead"):
            await sandbox.exec(["die"], stdin=b"x" * 1_000_000)


async def test_output_that_nobody_asked_for_is_bounded() -> None:
    async def flood(call: FakeCall) -> int:
        for _ in range(64):
            call.write_stdout(b"x" * (1 << 16))
            call.write_stderr(b"y" * (1 << 16))
            await asyncio.sleep(0)
        return 9

    async with FakeSandbox() as sandbox:
        sandbox.handlers["flood"] = flood
        result = await sandbox.exec(["flood"], output_cap_bytes=1000)

    assert result.exit_code == 9
    assert (len(result.stdout), len(result.stderr)) == (1000 + len(CUT), 1000 + len(CUT))
