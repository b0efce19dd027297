"""Starts that go wrong, and machines that die or hang: typed errors, in time."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from shims import shims

from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import SandboxSpec, journal
from claudebox_rl.sandbox._box import pulse
from claudebox_rl.sandbox._supervised import frames
from claudebox_rl.sandbox.boxlite import BoxliteSandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
SPEC = SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=240)


@asynccontextmanager
async def next_shim_stopped() -> AsyncGenerator[None]:
    """Stop the next machine that starts, and no later one."""
    before, over = shims(), threading.Event()

    def stop() -> None:
        new: set[int] = set()
        while not new and not over.wait(0.02):
            new = shims() - before
        for pid in new:
            os.kill(pid, signal.SIGSTOP)

    stopping = asyncio.create_task(asyncio.to_thread(stop))
    try:
        yield
    finally:
        over.set()
        await stopping


@pytest.mark.slow
async def test_a_box_that_is_late_is_started_again() -> None:
    """BoxLite gives up after 30 s; a second start of the same box comes up."""
    started = time.monotonic()
    async with next_shim_stopped(), BoxliteSandbox(SPEC) as sandbox:
        assert time.monotonic() - started > 25
        assert (await sandbox.exec(["echo", "up"])).text == "up\n"


async def test_a_start_that_takes_too_long_says_so() -> None:
    sandbox = BoxliteSandbox(SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=1))
    with pytest.raises(SandboxStartError, match="more than 1 s") as caught:
        await sandbox.start()
    assert caught.value.context["cause"] == "timeout"
    assert sandbox.sandbox_id not in [entry.sandbox_id for entry in journal.records()]
    assert not shims()


async def test_a_machine_that_is_killed_is_unavailable() -> None:
    async with BoxliteSandbox(SPEC) as sandbox, await sandbox.open_exec(["sleep", "60"]) as stream:
        for pid in shims():
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            with pytest.raises(SandboxUnavailableError):
                await stream.wait()
            with pytest.raises(SandboxUnavailableError):
                await sandbox.exec(["true"])


async def test_a_machine_that_hangs_is_noticed_though_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_EVERY_S", 0.5)
    monkeypatch.setattr(frames, "_REPLY_S", 5.0)
    async with BoxliteSandbox(SPEC) as sandbox, await sandbox.open_exec(["sleep", "60"]) as stream:
        for pid in shims():
            os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(30):
            with pytest.raises(SandboxUnavailableError, match="did not answer"):
                await stream.wait()
    assert not shims()
