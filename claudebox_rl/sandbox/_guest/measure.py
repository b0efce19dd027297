"""One answer about what is used, made in pieces, so that others are served meanwhile."""

from __future__ import annotations

import time

from claudebox_rl.sandbox._guest import processes
from claudebox_rl.sandbox._guest.disk import Walk
from claudebox_rl.sandbox._guest.lean import Any
from claudebox_rl.sandbox._guest.usage import MachineAccount, ProcessAccount

_SLICE_S = 0.002
_GIVE_UP_S = 30.0
"""So many files are not counted to the end: the host waits twice as long."""


class Measurement:
    """A measurement that is under way.

    Args:
        serial: The id of the request.
        folders: Whose files count.
    """

    def __init__(self, serial: int, folders: list[str]) -> None:
        self._serial = serial
        self._walk = Walk(folders)
        self._give_up = time.monotonic() + _GIVE_UP_S

    def go_on(self) -> bool:
        """Go on for a moment; True when it is done."""
        now = time.monotonic()
        return self._walk.go_on(now + _SLICE_S) or now > self._give_up

    def answer(self, account: ProcessAccount | MachineAccount, *, samples: bool, num_killed: int) -> dict[str, Any]:
        """Return the fields of the reply.

        Args:
            account: Who tells what is used.
            samples: Whether memory is counted here; else the host has a better account.
            num_killed: Processes that were ended for memory.
        """
        memory_bytes = account.look() if samples else 0
        return {
            "op": "metrics",
            "id": self._serial,
            "cpu_ms": account.cpu_ms(),
            "memory_source": account.source if samples else "none",
            "memory_bytes": memory_bytes,
            "memory_peak_bytes": account.peak_bytes,
            "num_processes": len(processes.others()),
            "disk_bytes": self._walk.num_bytes,
            "num_killed": num_killed,
        }
