"""Room and limits of the host: open files, memory, disk, clock."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from claudebox_rl._resources import home
from claudebox_rl.session.checkup.finding import Finding, Status

_GIB = 1 << 30
_OPEN_FILES = 8192
"""A machine holds about ten files in its worker, a Ray process some hundred."""
_MEMORY = (1 * _GIB, 4 * _GIB)
_DISK = (1 * _GIB, 10 * _GIB)
"""Below the first it fails, below the second it warns; bytes."""
_UNSYNCHRONISED = 5
_TIMEX_BYTES = 256


def check_room() -> list[Finding]:
    """Look at what this host has to give."""
    return [
        _open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        _memory(available_memory()),
        _disk("disk", home()),
        _disk("temporary files", Path(tempfile.gettempdir())),
        _clock(time.time(), is_synchronised),
    ]


def _open_files(limit: int) -> Finding:
    seen = "no limit" if limit == resource.RLIM_INFINITY else f"{limit} at the same time"
    if limit == resource.RLIM_INFINITY or limit >= _OPEN_FILES:
        return Finding("open files", "ok", seen)
    return Finding("open files", "warn", seen, "ulimit -n 65536 (before `ray start`); nofile in limits.conf(5)")


def _memory(available: int) -> Finding:
    seen = f"{available / _GIB:.1f} GiB available"
    return Finding("memory", _level(available, _MEMORY), seen, _unless_ok(available, _MEMORY, "play fewer at once"))


def available_memory() -> int:
    """Return how many bytes processes can still get here: those of the host, or fewer where a control group says so."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    facts = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    available = int(facts["MemAvailable"].split()[0]) * 1024
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return available
    return available if limit == "max" else min(available, int(limit) - int(used))


def _disk(name: str, folder: Path) -> Finding:
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not os.access(place, os.W_OK):
        return Finding(name, "fail", f"this user can't write in {place}", f"chown it, or put {folder} elsewhere")
    free = shutil.disk_usage(place).free
    fix = f"free some, or put {folder} elsewhere ({'TMPDIR' if name != 'disk' else 'CLAUDEBOX_HOME'})"
    return Finding(name, _level(free, _DISK), f"{free / _GIB:.1f} GiB free for {folder}", _unless_ok(free, _DISK, fix))


def _clock(now: float, synchronised: Callable[[], bool | None]) -> Finding:
    seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < Path(__file__).stat().st_mtime - 86400:
        return Finding("clock", "fail", f"{seen}, before this package was written", "set it: TLS refuses such clocks")
    if synchronised() is False:
        return Finding("clock", "warn", f"{seen}, not synchronised", "run chrony or systemd-timesyncd")
    return Finding("clock", "ok", seen)


def is_synchronised() -> bool | None:
    """Say whether the kernel's clock is kept right by somebody (adjtimex(2)); None where that can't be told."""
    if sys.platform != "linux":
        return None
    # All zero, the argument asks and changes nothing; the call's result is the clock's state.
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else state != _UNSYNCHRONISED


def _level(value: int, bounds: tuple[int, int]) -> Status:
    return "fail" if value < bounds[0] else "warn" if value < bounds[1] else "ok"


def _unless_ok(value: int, bounds: tuple[int, int], fix: str) -> str:
    return "" if _level(value, bounds) == "ok" else fix
