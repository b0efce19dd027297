"""Turns to start a machine: so many of a host start at the same time, whatever processes start them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import socket
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxStartError, boundary

_LOOK_S = 0.01, 0.05
"""Pauses between looks for a place are drawn from here, so that those who wait do not look together."""
_STARTS_OF_A_PROCESSOR = 2


@asynccontextmanager
async def turn_to_start(most: int | None) -> AsyncGenerator[float]:
    """Hold one of this host's places for starts; yields the seconds until it was had.

    A place is a lock on a file, which the kernel drops with the process that holds it.

    Args:
        most: How many places there are, at least 1; None: two for each processor.

    Raises:
        SandboxStartError: The state folder can't be written.
    """
    began = time.monotonic()
    with boundary(SandboxStartError, "can't wait for a turn to start a machine"):
        places = _places(most or _STARTS_OF_A_PROCESSOR * (os.cpu_count() or 1))
        while (held := _hold_one(places)) is None:  # noqa: ASYNC110  # the kernel tells nobody that a lock is free
            await asyncio.sleep(random.uniform(*_LOOK_S))
    try:
        yield time.monotonic() - began
    finally:
        os.close(held)


def _places(count: int) -> list[Path]:
    folder = home() / "starts"
    folder.mkdir(parents=True, exist_ok=True)
    host = socket.gethostname()  # several may share a home
    return random.sample([folder / f"{host}-{index}" for index in range(count)], count)


def _hold_one(places: Iterable[Path]) -> int | None:
    for place in places:
        held = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
        else:
            return held
    return None
