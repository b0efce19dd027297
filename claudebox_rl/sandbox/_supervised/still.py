"""Holding a sandbox still from the host while its files are copied."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from claudebox_rl.errors import SandboxError, SandboxUnavailableError
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange
from claudebox_rl.sandbox._supervised.gate import Gate

LONGEST_S = 300.0
"""Then the supervisor lets its processes go on, whatever became of the host."""


@asynccontextmanager
async def held_still(channel: Channel, gate: Gate) -> AsyncGenerator[None]:
    """Stop every process of a sandbox, and keep requests that may change files waiting; all go on afterwards.

    Raises:
        SandboxError: A process did not stop, or went on before the end (the copy took too long).
        SandboxUnavailableError: The machine died.
    """
    async with gate.shut():
        try:
            if not await _ask(channel, op="still", limit_s=LONGEST_S):
                raise SandboxError("a process in the sandbox can't be held still")
            yield
        except BaseException:
            with contextlib.suppress(SandboxUnavailableError):
                await asyncio.shield(_ask(channel, op="go_on"))
            raise
        if not await asyncio.shield(_ask(channel, op="go_on")):
            raise SandboxError(f"the sandbox's files could not be copied in {LONGEST_S:g} s")


async def _ask(channel: Channel, **request: Any) -> bool:
    with Exchange(channel) as exchange:
        reply, _ = await exchange.ask(**request, last=True)
    return reply.get("held") is True
