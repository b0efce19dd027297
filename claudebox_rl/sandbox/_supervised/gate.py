"""A gate that many pass and that one may shut: a fork waits for requests under way, and new ones wait for the fork."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Gate:
    """Passed by requests that may change files; shut while those are copied."""

    def __init__(self) -> None:
        self._num_passing = 0
        self._is_idle, self._is_open = asyncio.Event(), asyncio.Event()
        self._is_idle.set()
        self._is_open.set()

    @asynccontextmanager
    async def passing(self) -> AsyncGenerator[None]:
        """Wait until the gate is open, and keep whoever shuts it waiting meanwhile."""
        while not self._is_open.is_set():
            await self._is_open.wait()
        self._num_passing += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self._num_passing -= 1
            if not self._num_passing:
                self._is_idle.set()

    @asynccontextmanager
    async def shut(self) -> AsyncGenerator[None]:
        """Let nobody pass any more, and wait until nobody does; one after the other."""
        while not self._is_open.is_set():
            await self._is_open.wait()
        self._is_open.clear()
        try:
            await self._is_idle.wait()
            yield
        finally:
            self._is_open.set()
