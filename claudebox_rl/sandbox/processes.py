"""A process by a name that stays its own, and its sure end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass

from claudebox_rl.sandbox import _place


@dataclass(frozen=True, slots=True)
class ProcessName:
    """One process of one place, never another one that is given its number later."""

    place: str
    """Where the number means something: boot and namespace of process ids."""
    pid: int
    start: str | None
    """When it started, to be compared only; None: it had ended by then."""

    @property
    def is_here(self) -> bool:
        """Whether this process can tell, and can end it."""
        return self.place == _place.here()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended; only where it `is_here`."""
        return self.start is not None and _place.process_start(self.pid) == self.start


def this_process() -> ProcessName:
    """Return the name of the process that asks."""
    return ProcessName(_place.here(), os.getpid(), _place.process_start(os.getpid()))


def end_process(process: ProcessName, *, limit_s: float) -> bool:
    """Kill a process of this place, a stopped one too, and wait until all it held is gone.

    Args:
        process: Which; one that has ended is left alone, whoever has its number now.
        limit_s: How long to wait, in seconds.

    Returns:
        Whether it has ended; False too where it is of another place.

    Raises:
        PermissionError: It belongs to another user.
    """
    if not process.is_here:
        return False
    give_up = time.monotonic() + limit_s
    while process.is_running:
        if time.monotonic() > give_up:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.005)
    return True
