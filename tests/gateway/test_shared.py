from __future__ import annotations

import asyncio
import socket

import pytest

from claudebox_rl.gateway import shared_gateway


def listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


async def test_one_gateway_until_the_last_lease_ends():
    async with shared_gateway() as first:
        async with shared_gateway() as second:
            assert first is second
            port = first.port
        assert listening(port)
    assert not listening(port)
    async with shared_gateway() as third:
        assert third is not first
        assert listening(third.port)


async def test_leases_at_the_same_time_share_one_start():
    async def lease() -> int:
        async with shared_gateway() as gateway:
            await asyncio.sleep(0.1)
            return gateway.port

    assert len(set(await asyncio.gather(*(lease() for _ in range(20))))) == 1


async def test_a_cancelled_lease_is_given_back():
    entered = asyncio.Event()
    ports: list[int] = []

    async def lease() -> None:
        async with shared_gateway() as gateway:
            ports.append(gateway.port)
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(lease())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not listening(ports[0])


def test_each_event_loop_has_its_own():
    async def lease() -> int:
        async with shared_gateway() as gateway:
            return gateway.port

    assert asyncio.run(lease()) > 0
    assert asyncio.run(lease()) > 0
