"""Which processes belong to which command, from /proc, and their end.

A process can leave its parent, its group and its session, and empty its environment, but not the pid namespace. So the
end of a command takes everything that is younger than it and is not provably another command's.
"""

from __future__ import annotations

import os
import time

from claudebox_rl.sandbox._guest.lean import signal

Identity = tuple[int, int]
"""Process id and start time in clock ticks: ids alone are used again."""
_PATIENCE_S = 2.0
"""How long killed processes may take to be gone before the rest is left to the next call."""


class Process:
    """One line of /proc/PID/stat (proc_pid_stat(5))."""

    __slots__ = ("parent", "pid", "session", "start", "state")

    def __init__(self, pid: int, state: bytes, parent: int, session: int, start: int) -> None:
        self.pid, self.state, self.parent, self.session, self.start = pid, state, parent, session, start

    @property
    def identity(self) -> Identity:
        """What tells it from a later process of the same number."""
        return self.pid, self.start


def look(pid: int) -> Process | None:
    """Return one process, a zombie too; None where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Process(pid, fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def others() -> dict[int, Process]:
    """Return every living process of the sandbox but this one; a zombie needs no end any more."""
    if alone():
        return {}
    seen = (look(int(name)) for name in os.listdir("/proc") if name.isdigit() and name != "1")
    return {process.pid: process for process in seen if process is not None and process.state not in (b"Z", b"X")}


class Protection:
    """Says which processes the end of one command must spare; those that were started from outside too.

    Args:
        older: Processes that stood before the command.
        sessions: Leaders of the sessions of other commands, running or ended, with their start times.
    """

    def __init__(self, older: frozenset[Identity], sessions: dict[int, int]) -> None:
        self._older = older
        self._sessions = sessions

    def among(self, found: dict[int, Process]) -> set[int]:
        """Return the ids of the spared: the older, the other sessions' members, and the children of both."""
        spared = {pid for pid, process in found.items() if self._spares(process, found)}
        for process in found.values():
            line = [process.pid]
            # The bound is for ids that were used again while /proc was read.
            while line[-1] in found and line[-1] not in spared and len(line) <= len(found):
                line.append(found[line[-1]].parent)
            if line[-1] in spared:
                spared.update(line)
        return spared

    def _spares(self, process: Process, found: dict[int, Process]) -> bool:
        # Nobody inside can have no parent there: orphans are process 1's.
        if process.identity in self._older or process.parent == 0:
            return True
        leader = self._sessions.get(process.session)
        if leader is None:
            return False
        holder = found.get(process.session)
        return holder is None or holder.start == leader


def end_all_but(protection: Protection) -> bool:
    """Kill every process that is not protected.

    All are frozen for it, by a signal that no fork outruns: a daemon that forks and exits without end would be another
    process each time it is looked for. The spared go on after some milliseconds.

    Returns:
        False where some were not gone when the time was over; call again.
    """
    before = others()
    spared = protection.among(before)
    _signal(-1, signal.SIGSTOP if spared else signal.SIGKILL)
    give_up = time.monotonic() + _PATIENCE_S
    # Twice nothing: a fork that was under way shows up late.
    num_clean = 0
    while num_clean < 2 and time.monotonic() < give_up:
        found = others()
        spared = protection.among(found)
        victims = [pid for pid in found if pid not in spared]
        for pid in victims:
            _signal(pid, signal.SIGKILL)
        num_clean = 0 if victims else num_clean + 1
        if victims:
            time.sleep(0.001)
    for pid in spared:
        if pid not in before or before[pid].state != b"T":
            _signal(pid, signal.SIGCONT)
    return num_clean >= 2


def living_sessions(sessions: dict[int, int]) -> dict[int, int]:
    """Return the part of `sessions` that still has members."""
    if not sessions or alone():
        return {}
    held = {process.session for process in others().values()}
    return {leader: start for leader, start in sessions.items() if leader in held}


def alone() -> bool:
    """Say, in one system call, whether there is no process but this one; a zombie is one too."""
    try:
        os.kill(-1, 0)
    except ProcessLookupError:
        return True
    return False


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
