"""The control groups of one sandbox: one in each hierarchy that gives what is needed, for limits and for accounts.

The supervisor's process is moved into them before it serves, so every command starts in them. They lie outside of what
a sandbox sees, and the journal's list of their paths is enough to remove them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from claudebox_rl.sandbox._local.cgroup_places import PREFIX, Place, Places, remove_group
from claudebox_rl.sandbox._supervised.usage import Usage
from claudebox_rl.sandbox.spec import SandboxSpec

_PERIOD_US, _LEAST_QUOTA_US = 100_000, 1000
_OWN_PROCESSES = 4
"""Room for the supervisor, which is no command."""
_END_S = 2.0
_WITH_SWAP = ("memory.swap.max", "memory.memsw.limit_in_bytes")
"""Missing where the kernel does not count swap."""
_COUNTS = {
    1: {
        "held": ("memory.usage_in_bytes",),
        "peak": ("memory.max_usage_in_bytes",),
        "cached": ("memory.stat", "total_inactive_file", "total_active_file"),
        "killed": ("memory.oom_control", "oom_kill"),
    },
    2: {
        "held": ("memory.current",),
        "peak": ("memory.peak",),
        "cached": ("memory.stat", "inactive_file", "active_file"),
        "killed": ("memory.events", "oom_kill"),
    },
}
"""By version: the file of a count, and the lines of it that are added up."""


class ControlGroups:
    """The groups of one sandbox; there are none before `enclose`.

    Args:
        sandbox_id: Part of their names.
        places: Where they can be made; where there are none, this does nothing.
        spec: The limits.
    """

    def __init__(self, sandbox_id: str, places: Places, spec: SandboxSpec) -> None:
        # Such a group changes how much processor time a sandbox gets among others: only where it is asked for.
        wanted = {name: place for name, place in places.of.items() if name != "cpu" or spec.cpus is not None}
        self._name = f"{PREFIX}{sandbox_id}"
        self._places = wanted
        self._spec = spec

    @property
    def paths(self) -> list[str]:
        """Their folders, for the journal."""
        return sorted({str(self._group(place)) for place in self._places.values()})

    @property
    def hold_memory(self) -> bool:
        """Whether the kernel counts the memory of the sandbox, and holds its limit."""
        return "memory" in self._places

    def enclose(self, pid: int) -> None:
        """Make the groups, set their limits, and move a process into them; what it starts after that is in them too.

        Raises:
            OSError: The kernel refuses one, for instance more processor time than the group above has.
        """
        for path in self.paths:
            Path(path).mkdir()
        for controller, place in self._places.items():
            for name, value in _settings(controller, place.version, self._spec).items():
                file = self._group(place) / name
                if name not in _WITH_SWAP or file.exists():
                    file.write_text(value)
        for path in self.paths:
            Path(path, "cgroup.procs").write_text(str(pid))

    def usage(self) -> Usage:
        """Return what the kernel has counted; None for what it does not count here."""
        place = self._places.get("memory")
        if place is None:
            return Usage(cpu_s=self._cpu_s())
        held, peak, cached, killed = (self._count(place, what) for what in ("held", "peak", "cached", "killed"))
        # Pages of files are the kernel's to drop; the peak has them all the same.
        held = None if held is None else max(0, held - (cached or 0))
        return Usage(self._cpu_s(), held, peak, "cgroup", killed or 0)

    def _cpu_s(self) -> float | None:
        if place := self._places.get("cpuacct"):
            used_ns = _read(self._group(place), "cpuacct.usage")
            return None if used_ns is None else used_ns / 1e9
        place = next((place for place in self._places.values() if place.version == 2), None)
        used_us = None if place is None else _read(self._group(place), "cpu.stat", "usage_usec")
        return None if used_us is None else used_us / 1e6

    def _count(self, place: Place, what: str) -> int | None:
        return _read(self._group(place), *_COUNTS[place.version][what])

    def _group(self, place: Place) -> Path:
        return place.folder / self._name


def _settings(controller: str, version: int, spec: SandboxSpec) -> dict[str, str]:
    """Return the files of a group that set its limits, in the order in which the kernel takes them."""
    if controller == "memory" and spec.memory_mib is not None:
        num_bytes = str(spec.memory_mib << 20)
        if version == 2:
            return {"memory.max": num_bytes, "memory.swap.max": "0"}
        return {"memory.limit_in_bytes": num_bytes, "memory.memsw.limit_in_bytes": num_bytes}
    if controller == "cpu" and spec.cpus is not None:
        quota_us = max(_LEAST_QUOTA_US, int(spec.cpus * _PERIOD_US))
        if version == 2:
            return {"cpu.max": f"{quota_us} {_PERIOD_US}"}
        return {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
    if controller == "pids" and spec.max_processes is not None:
        return {"pids.max": str(spec.max_processes + _OWN_PROCESSES)}
    return {}


def _read(group: Path, name: str, *lines: str) -> int | None:
    """Return the number in a group's file, or the sum of some of its lines; None where the kernel has no such file."""
    try:
        text = (group / name).read_text()
    except FileNotFoundError:
        return None
    if not lines:
        return int(text)
    table = dict(line.split(" ", 1) for line in text.splitlines())
    return sum(int(table.get(line, 0)) for line in lines)


def remove(paths: Iterable[str]) -> bool:
    """End what is in some groups and remove them; groups that are gone are no error. Blocks while processes end.

    Returns:
        False where one could not be removed.
    """
    removed = [_remove_one(Path(path)) for path in paths]
    return all(removed)


def _remove_one(group: Path) -> bool:
    if not group.name.startswith(PREFIX):
        return False
    give_up = time.monotonic() + _END_S
    while (pids := _members(group)) and time.monotonic() < give_up:
        _end(group, pids)
        time.sleep(0.002)
    return remove_group(group)


def _members(group: Path) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    return []


def _end(group: Path, pids: list[int]) -> None:
    at_once = group / "cgroup.kill"
    if at_once.exists():
        at_once.write_text("1")
        return
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
