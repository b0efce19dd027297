"""Turns to start a machine, over tasks and processes of one host."""

from __future__ import annotations

import asyncio
import sys

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError
from claudebox_rl.session.starts import turn_to_start

HOLDER = """
import asyncio
from claudebox_rl.session.starts import turn_to_start

async def hold():
    async with turn_to_start(1):
        print("held", flush=True)
        await asyncio.sleep(600)

asyncio.run(hold())
"""


async def test_no_more_start_at_the_same_time() -> None:
    inside, most_inside, turns = 0, 0, []

    async def start() -> None:
        nonlocal inside, most_inside
        async with turn_to_start(2) as queued_s:
            inside += 1
            most_inside = max(most_inside, inside)
            await asyncio.sleep(0.05)
            inside -= 1
            turns.append(queued_s)

    await asyncio.gather(*(start() for _ in range(7)))
    assert (most_inside, inside, len(turns)) == (2, 0, 7)
    assert sum(queued_s > 0.04 for queued_s in turns) == 5


async def test_a_dead_process_gives_its_place_back() -> None:
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, stdout=asyncio.subprocess.PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), turn_to_start(1):
            pytest.fail("two hold one place")
    holder.kill()
    await holder.wait()
    async with asyncio.timeout(30), turn_to_start(1):
        pass


async def test_a_session_waits_for_its_turn_and_says_how_long() -> None:
    box = ClaudeBox(agent="nop", sandbox={"name": "fake", "max_starts": 1})
    async with turn_to_start(1):
        opening = asyncio.create_task(box.open())
        await asyncio.sleep(0.3)
        assert not opening.done()
    await opening
    assert box.queued_s >= 0.3
    assert box.boot_s < box.queued_s
    await box.close()


async def test_no_place_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_starts must be at least 1, not 0"):
        await ClaudeBox(agent="nop", sandbox={"name": "fake", "max_starts": 0}).open()
