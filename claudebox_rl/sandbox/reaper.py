"""What killed processes left behind in the journal of machines: found, ended and removed.

Only what is provably left is touched:
- a machine whose owner has ended: in this place its process is gone; on another boot of this host everything is, if the
  journal lies where no other kernel writes. What other hosts and other containers wrote stays.
- of machines that outlive their owner, one whose own process has ended too; the others only where that is asked for;
- a record that can't be read and has not changed for a while (a crash of the host leaves such), or was never finished;
- a state folder without a record, since a record is written before its folder is made and removed after it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import _place, journal
from claudebox_rl.sandbox._box.removal import remove_box
from claudebox_rl.sandbox._local import cgroups
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.sandbox.journal import MachineRecord, machines_dir

_LOG = logging.getLogger(__name__)
Owner = Literal["alive", "dead", "detached", "elsewhere"]
"""Of a machine; `detached`: there is none, and the machine goes on, as it was asked to; `elsewhere`: in another
container or on another host, so that nothing can be told from here."""
Kind = Literal["machine", "record", "folder"]
_SETTLED_S = 600.0
"""Age from which something unfinished is no longer being written, also by a host that shares the folder over NFS."""
_END_S = 5.0
_LOCK = ".reaper.lock"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that nobody owns any more."""

    name: str
    """The machine's id, or the name of a file or folder."""
    kind: Kind
    """A machine that its owner did not stop, a broken record, or a state folder without a record."""
    record: MachineRecord | None = None
    error: str | None = None
    """Why it could not be removed."""


def owner_of(entry: MachineRecord) -> Owner:
    """Say whether the process that started a machine lives."""
    if entry.place == _place.here():
        if _place.process_start(entry.owner_pid) == entry.owner_start:
            return "alive"
        return "detached" if entry.kept and is_running(entry) else "dead"
    is_other_boot = _place.boot_of(entry.place) != _place.boot_of(_place.here())
    if is_other_boot and entry.host == _place.host() and _place.has_one_kernel(machines_dir()):
        return "dead"
    return "elsewhere"


def is_running(entry: MachineRecord) -> bool:
    """Say whether the process of a machine of this place lives."""
    return bool(entry.machine_pid) and _place.process_start(entry.machine_pid) == entry.machine_start is not None


def leftovers(*, detached: bool = False) -> list[Leftover]:
    """Return what a `reap` would remove now."""
    # In this order: whatever has a folder in the first list has a record in the second, or had none before.
    folders = sorted(place for place in machines_dir().iterdir() if place.is_dir() and not place.is_symlink())
    files = sorted(place for place in machines_dir().iterdir() if place.suffix in (journal.SUFFIX, journal.PARTIAL))
    found = [leftover for place in files if (leftover := _look(place, detached)) is not None]
    recorded = {place.stem for place in files} - {Path(each.name).stem for each in found if each.kind == "record"}
    orphans = [place for place in folders if place.name not in recorded and _is_settled(place)]
    return [*found, *(Leftover(place.name, "folder") for place in orphans)]


def reap(*, wait: bool = False, detached: bool = False) -> list[Leftover]:
    """End and remove what is left; what could not be removed says why, and does not keep the others.

    Args:
        wait: Wait for another process that is at it; else leave it to that and return nothing.
        detached: End machines too that nobody owns but that were to outlive their owner.
    """
    with _turn(wait) as is_ours:
        done = [_remove(leftover) for leftover in leftovers(detached=detached)] if is_ours else []
    for each in done:
        if each.error:
            _LOG.warning("can't remove %s, which was left behind: %s", each.name, each.error)
        else:
            _LOG.info("removed %s, which was left behind (%s)", each.name, each.kind)
    return done


_reaped: set[tuple[int, Path]] = set()
"""Processes that have looked, and where: a forked child looks again."""


def reap_once() -> None:
    """Reap, unless this process has done so before."""
    look = (os.getpid(), machines_dir())
    if look not in _reaped:
        _reaped.add(look)
        reap()


def remove_machine(entry: MachineRecord) -> None:
    """End a machine and remove all that was made for it: the one place that knows what a record's `extra` may hold.

    Raises:
        SandboxError: Something does not end, or can't be removed.
        OSError: Likewise.
    """
    if entry.place == _place.here():
        end_process(entry)
    if entry.kept:
        remove_box(entry.sandbox_id, Path(entry.kept["home"]))
    if not cgroups.remove(entry.extra.get("groups", ())):
        raise SandboxError("its control groups can't be removed")
    if entry.state_dir:
        # By the name, not by the path: homes are mounted elsewhere in other containers.
        remove_tree(machines_dir() / entry.sandbox_id)
    journal.forget(entry.sandbox_id)


def _look(place: Path, detached: bool) -> Leftover | None:
    entry = journal.read(place)
    if entry is not None and place.suffix == journal.PARTIAL:
        return Leftover(place.name, "record") if owner_of(entry) == "dead" else None
    if entry is not None:
        gone = ("dead", "detached") if detached else ("dead",)
        return Leftover(entry.sandbox_id, "machine", entry) if owner_of(entry) in gone else None
    return Leftover(place.name, "record") if _is_settled(place) else None


def _is_settled(place: Path) -> bool:
    try:
        return place.lstat().st_mtime < time.time() - _SETTLED_S
    except FileNotFoundError:
        return False


def _remove(leftover: Leftover) -> Leftover:
    place = machines_dir() / leftover.name
    try:
        if leftover.record is not None:
            remove_machine(leftover.record)
        elif leftover.kind == "folder":
            remove_tree(place)
        else:
            place.unlink(missing_ok=True)
    except Exception as error:  # whatever one of them holds, the others are to go
        return replace(leftover, error=str(error))
    return leftover


def end_process(entry: MachineRecord) -> None:
    """Kill a machine's process, if it is still the one that was recorded, and wait until all it held is gone.

    Raises:
        SandboxError: It does not end.
    """
    give_up = time.monotonic() + _END_S
    while entry.machine_pid and is_running(entry):
        if time.monotonic() > give_up:
            raise SandboxError(f"process {entry.machine_pid} does not end")
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry.machine_pid, signal.SIGKILL)
        time.sleep(0.005)


@contextmanager
def _turn(wait: bool) -> Generator[bool]:
    """Hold the lock that one reaper of a home has at a time; the kernel takes it from a dead one."""
    with (machines_dir() / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        except OSError:  # a file system without locks: two reapers at once are slower, and may report an error
            _LOG.debug("no lock in %s", machines_dir())
        yield True
