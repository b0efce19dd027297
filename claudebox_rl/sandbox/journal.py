"""The journal of machines: one file per live machine, so that what a killed process left behind can be found.

A file is written before its machine starts and removed after it has stopped; `reaper` ends what stands in the files of
dead processes.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from claudebox_rl._resources import home
from claudebox_rl.sandbox._place import here, host, process_start
from claudebox_rl.sandbox._spread import spread

_NOTHING: Mapping[str, Any] = MappingProxyType({})
SUFFIX, PARTIAL = ".json", ".partial"
"""Of a record, and of one that is being written."""


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
    """Boot and process-id namespace in which the numbers mean something: see `_place`."""
    created_at: float
    """Seconds since the epoch."""
    machine_pid: int | None = None
    """Process whose death ends the machine; None until it is known."""
    machine_start: str | None = None
    host: str = ""
    """What stays the same over boots."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """What else is to be removed with the machine, JSON: see `reaper.remove_machine`."""
    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    """What it takes to come back to a machine that outlives its owner, JSON; empty where it ends with that."""


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "int | None": (int, type(None)),
    "str | None": (str, type(None)),
    "dict[str, Any]": (dict,),
}
"""What each field's annotation takes in JSON."""


def machines_dir() -> Path:
    """Return the folder of records and state folders, made where it is missing, closed to other users."""
    folder = home() / "machines"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    spread(folder)
    return folder


def record(
    sandbox_id: str, backend: str, state_dir: Path | None = None, *, kept: Mapping[str, Any] = _NOTHING, **extra: Any
) -> MachineRecord:
    """Write down that this process is about to start a machine."""
    entry = MachineRecord(
        sandbox_id=sandbox_id,
        backend=backend,
        state_dir=str(state_dir or ""),
        owner_pid=os.getpid(),
        owner_start=process_start(os.getpid()) or "",
        place=here(),
        host=host(),
        created_at=time.time(),
        extra=extra,
        kept=dict(kept),
    )
    return _put(entry)


def record_machine(entry: MachineRecord, machine_pid: int) -> MachineRecord:
    """Add the process of a machine that has started to its record."""
    return _put(replace(entry, machine_pid=machine_pid, machine_start=process_start(machine_pid)))


def record_kept(entry: MachineRecord, **facts: Any) -> MachineRecord:
    """Add to what it takes to come back to a machine."""
    return _put(replace(entry, kept={**entry.kept, **facts}))


def take(entry: MachineRecord) -> MachineRecord:
    """Make this process the owner of a machine."""
    pid = os.getpid()
    return _put(replace(entry, owner_pid=pid, owner_start=process_start(pid) or "", place=here()))


def leave(entry: MachineRecord) -> MachineRecord:
    """Write down that nobody owns a machine any more, which goes on."""
    return _put(replace(entry, owner_pid=0, owner_start=""))


def forget(sandbox_id: str) -> None:
    """Remove the record of a machine that has stopped. Idempotent."""
    for suffix in (SUFFIX, PARTIAL):
        (machines_dir() / f"{sandbox_id}{suffix}").unlink(missing_ok=True)


def records() -> list[MachineRecord]:
    """Return all readable records; a file that is being written, or is none of ours, is left out."""
    return [entry for path in sorted(machines_dir().glob(f"*{SUFFIX}")) if (entry := read(path)) is not None]


def read(path: Path) -> MachineRecord | None:
    """Return the record in a file; None where there is none that can be understood."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    known = {one.name: one for one in dataclasses.fields(MachineRecord)}
    # Later versions may say more.
    given = {name: value for name, value in cast("dict[str, Any]", content).items() if name in known}
    if any(not isinstance(value, _TYPES[str(known[name].type)]) for name, value in given.items()):
        return None
    try:
        entry = MachineRecord(**given)
    except TypeError:
        return None
    # The name leads to what is removed with it.
    return entry if entry.sandbox_id == path.stem and not path.stem.startswith(".") else None


def _put(entry: MachineRecord) -> MachineRecord:
    target = machines_dir() / f"{entry.sandbox_id}{SUFFIX}"
    partial = target.with_suffix(PARTIAL)
    # What gives power over a machine is nobody else's to read, also in a folder that had other rights before.
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(asdict(entry)))
    partial.replace(target)
    return entry
