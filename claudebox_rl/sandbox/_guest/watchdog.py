"""Looks after what the commands use: limits that the kernel does not hold here, and the account of memory.

It looks while anything runs, and takes a small share of one processor: what costs more is looked at less often.
"""

from __future__ import annotations

import time

from claudebox_rl.sandbox._guest import processes
from claudebox_rl.sandbox._guest.disk import Walk
from claudebox_rl.sandbox._guest.lean import Any
from claudebox_rl.sandbox._guest.usage import MachineAccount, ProcessAccount

_MEMORY_S, _DISK_S = 0.1, 0.25
_SETTLE_S = 0.05
"""From a start to the first look: most commands have ended by then, and no look delays them."""
_SLICE_S = 0.002
"""Longest time in which walking over files keeps the supervisor from its other work."""
_SETTLED_S = 1.0
_SLACK_BYTES = 1 << 20
"""What the file system may add to files by itself when it writes them out."""
_REST = 19
"""Times as long as a look took, until the next: the looks of one kind take one part in twenty."""
_ACCOUNTS = {"processes": ProcessAccount, "machine": MachineAccount}


class Watchdog:
    """Says when something is beyond its limit.

    Args:
        settings: `account` (`processes`, or `machine` in a box), `samples` (whether nobody else counts memory),
            `memory_mib` and `disk_mib` (None: not watched here), `folders` (whose files count).
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.account: ProcessAccount | MachineAccount = _ACCOUNTS[settings["account"]]()
        self.samples: bool = settings["samples"]
        self.folders: list[str] = settings["folders"]
        self._memory_mib: int | None = settings["memory_mib"]
        self._memory = _Pace(_MEMORY_S) if self.samples else None
        self._disk = None if settings["disk_mib"] is None else _DiskRound(self.folders, settings["disk_mib"])
        self._paces = [pace for pace in (self._memory, self._disk and self._disk.pace) if pace is not None]
        self._awake = False

    @property
    def due(self) -> float | None:
        """When `look` is to be called, on the monotonic clock; None: not before `wake`."""
        return min((pace.due for pace in self._paces), default=None) if self._awake else None

    def wake(self) -> None:
        """Take note that a command starts."""
        if not self._awake:
            self._awake = True
            for pace in self._paces:
                pace.due = max(pace.due, time.monotonic() + _SETTLE_S)

    def look(self) -> str | None:
        """Look at what is due; returns the limit that was passed: everything is to be ended, then `settle` called."""
        now, due = time.monotonic(), self.due
        if due is None or now < due:
            return None
        if processes.alone():
            self._awake = False
        elif self._disk is not None and now >= self._disk.pace.due and self._disk.is_passed():
            return f"disk_mib={self._disk.mib}"
        elif self._memory is not None and now >= self._memory.due and self._memory_is_passed(self._memory):
            return f"memory_mib={self._memory_mib}"
        return None

    def settle(self) -> None:
        """Take what is left as it is, now that nothing runs."""
        if self._disk is not None:
            self._disk.settle()

    def _memory_is_passed(self, pace: _Pace) -> bool:
        most = float("inf") if self._memory_mib is None else self._memory_mib << 20
        with pace:
            return self.account.look(most) > most


class _Pace:
    """Times a kind of look; as a context around one, it says when the next is due."""

    def __init__(self, interval_s: float) -> None:
        self.due = 0.0
        self._interval_s = interval_s

    def __enter__(self) -> None:
        self._began, self._spent_s = time.monotonic(), time.thread_time()

    def __exit__(self, *_: object) -> None:
        took_s = time.thread_time() - self._spent_s
        self.due = max(self._began + self._interval_s, time.monotonic() + _REST * took_s)


class _DiskRound:
    """The files of some folders, walked over in slices, against their limit.

    Once they hold more, they may hold what they do, but little more than that: commands must be able to remove some.
    """

    def __init__(self, folders: list[str], mib: int) -> None:
        self.mib = mib
        self.pace = _Pace(_DISK_S)
        self._slices = _Pace(0.0)
        self._folders = folders
        self._walk = Walk(folders)
        self._limit = self._most = mib << 20

    def is_passed(self) -> bool:
        """Go on with the round; True at its end where the files hold too much."""
        with self.pace, self._slices:
            done = self._walk.go_on(time.monotonic() + _SLICE_S)
        if not done:
            self.pace.due = self._slices.due
            return False
        held, self._walk = self._walk.num_bytes, Walk(self._folders)
        if held > self._most:
            return True
        self._allow(min(held + _SLACK_BYTES, self._most))
        return False

    def settle(self) -> None:
        """Begin anew with what was written until everything was ended."""
        walk, self._walk = Walk(self._folders), Walk(self._folders)
        walk.go_on(time.monotonic() + _SETTLED_S)
        self._allow(walk.num_bytes + _SLACK_BYTES if walk.num_bytes > self._limit else 0)

    def _allow(self, num_bytes: int) -> None:
        self._most = max(num_bytes, self._limit)
