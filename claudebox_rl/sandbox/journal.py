"""The journal of machines: one file per live machine, so that what a killed process left behind can be found and ended.

A file is written before its machine starts and removed after it has stopped. `reap` touches only what a provably dead
process of this computer owned.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxError, boundary
from claudebox_rl.sandbox import _cgroups

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """One machine that may be running."""

    sandbox_id: str
    backend: str
    state_dir: str
    """Folder to remove with the machine; empty where there is none."""
    owner_pid: int
    owner_start: str
    """Identity of the owner beyond its number: see `process_start`."""
    place: str
    """Boot and process-id namespace in which the numbers mean something."""
    created_at: float
    """Seconds since the epoch."""
    machine_pid: int | None = None
    """Process whose death ends the machine; None until it is known."""
    machine_start: str | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a backend needs to end its machine; JSON."""


def machines_dir() -> Path:
    """Return the folder of records and state folders, made where it is missing, closed to other users."""
    folder = home() / "machines"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def record(sandbox_id: str, backend: str, state_dir: Path | None = None, **extra: Any) -> MachineRecord:
    """Write down that this process is about to start a machine."""
    entry = MachineRecord(
        sandbox_id=sandbox_id,
        backend=backend,
        state_dir=str(state_dir or ""),
        owner_pid=os.getpid(),
        owner_start=process_start(os.getpid()) or "",
        place=_place(),
        created_at=time.time(),
        extra=extra,
    )
    _write(entry)
    return entry


def record_machine(entry: MachineRecord, machine_pid: int) -> MachineRecord:
    """Add the process of a machine that has started to its record."""
    entry = replace(entry, machine_pid=machine_pid, machine_start=process_start(machine_pid))
    _write(entry)
    return entry


def forget(sandbox_id: str) -> None:
    """Remove the record of a machine that has stopped. Idempotent."""
    (machines_dir() / f"{sandbox_id}.json").unlink(missing_ok=True)


def records() -> list[MachineRecord]:
    """Return all readable records; a file that is being written, or is none of ours, is left out."""
    return [entry for path in sorted(machines_dir().glob("*.json")) if (entry := _read(path)) is not None]


def reap() -> list[MachineRecord]:
    """End the machines of dead owners, remove their state folders and records, and return them.

    A record from another boot or container says nothing about the processes here and is left alone.
    """
    dead = [entry for entry in records() if entry.place == _place() and not _owner_lives(entry)]
    for entry in dead:
        end_machine(entry)
        if entry.state_dir:
            remove_tree(Path(entry.state_dir))
        forget(entry.sandbox_id)
    return dead


_reaped: set[tuple[int, Path]] = set()
"""Processes that have looked, and where: a forked child looks again."""


def reap_once() -> None:
    """Reap, unless this process has done so before.

    Raises:
        SandboxError: Something that was left behind can't be removed.
    """
    look = (os.getpid(), machines_dir())
    if look in _reaped:
        return
    _reaped.add(look)
    with boundary(SandboxError, f"can't clean up in {machines_dir()}"):
        for entry in reap():
            _LOG.info("removed %s, which process %d left behind", entry.sandbox_id, entry.owner_pid)


def end_machine(entry: MachineRecord) -> None:
    """Kill a machine's process if it is still the one that was recorded, and remove its control groups."""
    if entry.machine_pid and process_start(entry.machine_pid) == entry.machine_start is not None:
        os.kill(entry.machine_pid, signal.SIGKILL)
    _cgroups.remove(entry.extra.get("groups", ()))


def remove_tree(folder: Path) -> None:
    """Remove a state folder, locked folders in it too; links in it are not followed. No error where it is gone."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except PermissionError:
        for parent, names, _ in os.walk(folder):
            for place in (Path(parent, name) for name in names):
                if not place.is_symlink():
                    place.chmod(0o700)
        shutil.rmtree(folder)


def process_start(pid: int) -> str | None:
    """Return when a process started, in a form that only serves to compare; None where there is no such process."""
    if sys.platform == "linux":
        try:
            # The name in brackets may hold anything; start time is field 22 of proc_pid_stat(5).
            return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
        except (FileNotFoundError, ProcessLookupError):
            return None
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


def _owner_lives(entry: MachineRecord) -> bool:
    return process_start(entry.owner_pid) == entry.owner_start


def _place() -> str:
    if sys.platform != "linux":
        return platform.node()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _write(entry: MachineRecord) -> None:
    place = machines_dir() / f"{entry.sandbox_id}.json"
    partial = place.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(entry)))
    partial.replace(place)


def _read(path: Path) -> MachineRecord | None:
    try:
        fields = cast("dict[str, Any]", json.loads(path.read_text()))
        return MachineRecord(**fields)
    except (OSError, ValueError, TypeError):
        return None
