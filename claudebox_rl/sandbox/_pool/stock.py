"""The machines of one spec in a pool: who stands idle, who waits, who is on the way. No machine is touched here."""

from __future__ import annotations

import asyncio
from collections import deque

from claudebox_rl.sandbox.base import Sandbox

Place = asyncio.Future[Sandbox]
"""A lease's place in the line."""


class Stock:
    """Started, never used machines of one spec, and the leases that wait for the next. Belongs to one event loop.

    Args:
        size: Machines to keep idle; 0 once the pool has let go of the spec.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.idle: deque[Sandbox] = deque()
        self.starting: set[asyncio.Task[Exception | None]] = set()
        """Starts on their way; each ends with the error that it failed with."""
        self._line: deque[Place] = deque()

    @property
    def num_waiting(self) -> int:
        """Leases that wait for a machine."""
        return len(self._line)

    @property
    def num_missing(self) -> int:
        """Machines to start now, so that each waiting lease gets one and `size` stand idle after."""
        return self.size + len(self._line) - len(self.idle) - len(self.starting)

    def offer(self, sandbox: Sandbox) -> bool:
        """Give a fresh machine to the lease that has waited longest, else keep it; say whether it is needed at all."""
        while self._line:
            place = self._line.popleft()
            if not place.done():  # a cancelled lease may not have come to take itself out yet
                place.set_result(sandbox)
                return True
        if len(self.idle) >= self.size:
            return False
        self.idle.append(sandbox)
        return True

    def queue(self) -> Place:
        """Take a place at the end of the line, to be awaited, or given up by `leave`."""
        place: Place = asyncio.get_running_loop().create_future()
        self._line.append(place)
        return place

    def leave(self, place: Place) -> Sandbox | None:
        """Give a place up; return the machine that had come to it already, which nobody has used."""
        if place in self._line:
            self._line.remove(place)
        return None if place.cancelled() or place.exception() else place.result()

    def fail(self, error: Exception, *, spare: int = 0) -> int:
        """Raise an error in the waiting leases, the newest first, until no more than `spare` are left.

        Returns:
            How many heard it.
        """
        num_told = 0
        while len(self._line) > spare:
            place = self._line.pop()
            if not place.done():
                place.set_exception(error)
                num_told += 1
        return num_told
