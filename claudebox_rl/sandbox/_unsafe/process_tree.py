"""Ending processes of the host by their group and by a mark in the environment that they started with."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

_CAN_SEE_ENVIRONMENT = sys.platform == "linux"
_PASSES = 50


def group_lives(group: int) -> bool:
    """Say whether a process group still has a member that is ours."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(group: int) -> None:
    """Kill a process group; one that is gone already is no error."""
    # macOS answers EPERM, not ESRCH, for a group of which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def end_marked(mark: str) -> None:
    """Kill every process whose starting environment holds `mark` (`NAME=value`), until none is found.

    This finds what left its process group and its parent, but not what was started with an emptied environment, nor
    anything where the kernel does not show environments (only Linux does). Blocks for some milliseconds.
    """
    if not _CAN_SEE_ENVIRONMENT:
        return
    for _ in range(_PASSES):
        # A killed process stays visible until it is gone, and a fork in flight may show up late: hence the passes.
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        if not sum(_end_if_marked(pid, mark.encode()) for pid in pids):
            return
        time.sleep(0.005)


def _end_if_marked(pid: int, mark: bytes) -> bool:
    try:
        # The descriptor is taken first, so that the process read about and the one killed are the same.
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if mark not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError, PermissionError):
        return False
    finally:
        os.close(descriptor)
    return True
