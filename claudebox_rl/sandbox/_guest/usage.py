"""Processor time and memory of everything inside, from /proc.

There are two accounts: of the processes that this one sees, where the kernel is the host's too, and of the whole
machine, where it is a box's own.
"""

from __future__ import annotations

import os
import time

from claudebox_rl.sandbox._guest import processes

_TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_IDLE = slice(4, 6)
"""Fields of a line of /proc/stat in which nothing was done: idle, and waiting for a disk."""


class ProcessAccount:
    """What the processes of the namespace use, this one too, ended ones too."""

    source = "sampled"

    def __init__(self) -> None:
        self.peak_bytes = 0

    def cpu_ms(self) -> int:
        """Return the processor time used until now. What ended is in its parent's account, at last in this one's."""
        return _TICK_MS * sum(_ticks(name) for name in os.listdir("/proc") if name.isdigit())

    def look(self, most: float = float("inf")) -> int:
        """Return the memory that commands hold now.

        What processes share is divided between them, which costs the kernel a walk over their pages: done only where
        the cheap sum, which counts it for each, would be a new peak or more than `most`.
        """
        pids = list(processes.others())
        held = sum(_resident_bytes(pid) for pid in pids)
        if held > min(self.peak_bytes, most):
            held = sum(_proportional_bytes(pid) for pid in pids)
            self.peak_bytes = max(self.peak_bytes, held)
        return held


class MachineAccount:
    """What the whole machine uses, by its kernel."""

    source = "guest"

    def __init__(self) -> None:
        self.peak_bytes = 0

    def cpu_ms(self) -> int:
        """Return the processor time used since the machine's boot: all that there was, less what was idle.

        The kernel times idleness by the clock, but work by ticks, of which a machine on a busy host misses many.
        """
        with open("/proc/stat", "rb") as file:
            _all, *lines = (line for line in file if line.startswith(b"cpu"))
        idle = [_TICK_MS * sum(map(int, line.split()[_IDLE])) for line in lines]
        return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) * len(idle) - sum(idle)

    def look(self, most: float = float("inf")) -> int:
        """Return the memory that is not to be had now; `most` makes no difference here."""
        with open("/proc/meminfo", "rb") as file:
            table = dict(line.split(b":", 1) for line in file)
        total, available = (int(table[name].split()[0]) << 10 for name in (b"MemTotal", b"MemAvailable"))
        self.peak_bytes = max(self.peak_bytes, total - available)
        return total - available


def _ticks(pid: str) -> int:
    """Return the time of a process and of its ended children, from proc_pid_stat(5)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return sum(map(int, file.read().rpartition(b")")[2].split()[11:15]))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _proportional_bytes(pid: int) -> int:
    """Return a process's memory with its part of what it shares; all of it where the process keeps that to itself."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    return _resident_bytes(pid)
