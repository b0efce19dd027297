from __future__ import annotations

import asyncio

import pytest

from claudebox_rl._waiting import WaitingLine


async def asked(line: WaitingLine[str, int], *questions: str) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(line.ask(question)) for question in questions]
    await asyncio.sleep(0)
    return tasks


async def test_first_come_first_served() -> None:
    line: WaitingLine[str, int] = WaitingLine()
    one, two = await asked(line, "one", "two")
    assert (await line.first()).question == "one"
    line.answer(await line.first(), 1)
    assert (await line.first()).question == "two"
    line.answer(await line.first(), 2)
    assert (await one, await two, len(line)) == (1, 2, 0)


async def test_who_gives_up_leaves_and_hears_nothing() -> None:
    line: WaitingLine[str, int] = WaitingLine()
    one, _two = await asked(line, "one", "two")
    waiting = await line.first()
    one.cancel()
    await asyncio.sleep(0)
    assert waiting.is_over
    line.answer(waiting, 1)
    assert one.cancelled()
    assert ((await line.first()).question, len(line)) == ("two", 1)


async def test_the_first_is_awaited() -> None:
    line: WaitingLine[str, int] = WaitingLine()
    looking = asyncio.create_task(line.first())
    await asyncio.sleep(0.01)
    assert not looking.done()
    await asked(line, "late")
    assert (await looking).question == "late"


async def test_closing_ends_all() -> None:
    line: WaitingLine[str, int] = WaitingLine()
    tasks = await asked(line, "one", "two")
    line.close(RuntimeError("over"))
    for task in tasks:
        with pytest.raises(RuntimeError, match="over"):
            await task
    assert len(line) == 0
