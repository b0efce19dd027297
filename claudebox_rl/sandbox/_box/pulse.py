"""Noticing that a machine does not answer while nobody asks it anything."""

from __future__ import annotations

import asyncio
import contextlib

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange

_EVERY_S = 10.0


async def feel_pulse(channel: Channel) -> None:
    """Ask the supervisor for a sign of life now and then; a channel without an answer in a minute closes."""
    with contextlib.suppress(SandboxUnavailableError):
        while True:
            await asyncio.sleep(_EVERY_S)
            with Exchange(channel) as exchange:
                await exchange.ask(op="ping", last=True)
