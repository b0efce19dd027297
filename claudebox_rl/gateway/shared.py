"""One gateway for all who need one on the same event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from claudebox_rl.gateway.server import Gateway


class _Lease:
    """The gateway of one event loop and how many hold it."""

    def __init__(self) -> None:
        self.gateway = Gateway()
        self.holders = 0
        self.lock = asyncio.Lock()


_leases: dict[asyncio.AbstractEventLoop, _Lease] = {}


@asynccontextmanager
async def shared_gateway() -> AsyncGenerator[Gateway]:
    """Lease the running event loop's gateway: the first lease starts it, the last one stops it.

    Raises:
        GatewayError: It can't listen.
    """
    loop = asyncio.get_running_loop()
    lease = _leases.setdefault(loop, _Lease())
    lease.holders += 1
    try:
        async with lease.lock:
            await lease.gateway.start()
        yield lease.gateway
    finally:
        await asyncio.shield(_release(loop, lease))


async def _release(loop: asyncio.AbstractEventLoop, lease: _Lease) -> None:
    lease.holders -= 1
    if lease.holders:
        return
    # Whoever comes from now on gets a new gateway, so this one can stop in peace.
    del _leases[loop]
    async with lease.lock:
        await lease.gateway.stop()
