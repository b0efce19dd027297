"""Holding every process of the sandbox still for a moment, so that its files can be copied as they are."""

from __future__ import annotations

import os
import time

from claudebox_rl.sandbox._guest import processes
from claudebox_rl.sandbox._guest.lean import signal

_PATIENCE_S = 5.0
"""How long processes may take to stand still: a write that is under way is carried out first."""
_STOPPED = (b"T", b"t", b"Z", b"X")


class Still:
    """Stops the sandbox's processes, and lets exactly those go on that it stopped."""

    def __init__(self) -> None:
        self.due: float | None = None
        """When they go on by themselves; None while nothing is held."""
        self._stopped_before: set[processes.Identity] = set()

    def hold(self, limit_s: float) -> bool:
        """Stop every process, for `limit_s` at most; False where one does not stop, and all go on.

        Ends of commands still work meanwhile: they take processes away and resume none.
        """
        before = processes.others()
        self._stopped_before = {each.identity for each in before.values() if each.state == b"T"}
        self.due = time.monotonic() + limit_s
        _signal(-1, signal.SIGSTOP)
        give_up = time.monotonic() + _PATIENCE_S
        # Twice: a fork that was under way shows up late.
        num_still = 0
        while num_still < 2:
            if time.monotonic() > give_up:
                self.release()
                return False
            num_still = num_still + 1 if _all_still() else 0
            if not num_still:
                time.sleep(0.001)
        return True

    def release(self) -> bool:
        """Let them go on; False where that had happened already."""
        if self.due is None:
            return False
        self.due = None
        for process in processes.others().values():
            if process.identity not in self._stopped_before:
                _signal(process.pid, signal.SIGCONT)
        return True


def _all_still() -> bool:
    found = processes.others()
    held = {process.parent for process in found.values() if process.state in _STOPPED}
    return all(_is_still(pid, pid in held) for pid in found)


def _is_still(pid: int, has_stopped_child: bool) -> bool:
    """Say whether all threads of a process have stopped; one that waits for its vfork(2) child can't, and needn't."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return True
    states = {_state(pid, thread) for thread in threads}
    return all(state in _STOPPED or (state == b"D" and has_stopped_child) for state in states)


def _state(pid: int, thread: str) -> bytes:
    try:
        with open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return b"X"


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
