"""Starting several sandboxes at once: all of them or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from claudebox_rl.sandbox.base import Sandbox


async def start_all(sandboxes: Sequence[Sandbox]) -> None:
    """Start sandboxes concurrently; where one does not start, or the caller is cancelled, stop all.

    Raises:
        SandboxStartError: The first that did not come up.
    """
    starting = [asyncio.ensure_future(sandbox.start()) for sandbox in sandboxes]
    try:
        await asyncio.gather(*starting)
    except BaseException:
        for each in starting:
            each.cancel()
        await asyncio.shield(_stop_all(starting, sandboxes))
        raise


async def _stop_all(starting: Sequence[asyncio.Future[None]], sandboxes: Sequence[Sandbox]) -> None:
    await asyncio.gather(*starting, return_exceptions=True)
    await asyncio.gather(*(sandbox.stop() for sandbox in sandboxes))
