"""Where this host lets us make control groups (cgroups(7)): found in /proc, tried out once for each process."""

from __future__ import annotations

import contextlib
import errno
import functools
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

PREFIX = "claudebox-"
"""Every group of ours begins with it."""
CONTROLLERS = ("memory", "cpu", "pids", "cpuacct")
"""What sandboxes are held and counted by. Version 2 has no `cpuacct`: there, every group counts processor time."""
_TRIAL_S = 5
_REMOVAL_S = 2.0
_OLD_S = 60.0
"""Between the making of a group and the first process in it is much less."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A tree of groups, as far as this process sees it."""

    version: int
    controllers: frozenset[str]
    """Of version 1; in version 2 each group says by itself what it gives its children."""
    groups: tuple[Path, ...]
    """Where a group may be made: in our own, then in the ones above it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A group in which ours are made."""

    folder: Path
    version: int


@dataclass(frozen=True, slots=True)
class Places:
    """For each controller that can be had, the group in which ours are made."""

    of: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))


NO_PLACES = Places()


@functools.cache
def places() -> Places:
    """Find out where groups can be made here, by making some and moving a process into them."""
    try:
        found = hierarchies(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    except FileNotFoundError:
        return NO_PLACES
    of: dict[str, Place] = {}
    # Version 2 first: where it has a controller, version 1 has not.
    for hierarchy in sorted(found, key=lambda each: -each.version):
        usable, folder = _best(hierarchy)
        for controller in usable:
            of.setdefault(controller, Place(folder, hierarchy.version))
    for folder in {place.folder for place in of.values()}:
        sweep(folder)
    return Places(MappingProxyType(of))


def hierarchies(mountinfo: str, membership: str) -> list[Hierarchy]:
    """Return the hierarchies that are mounted, from /proc/PID/mountinfo and /proc/PID/cgroup."""
    own: dict[str, str] = {}
    for line in membership.splitlines():
        _, names, path = line.split(":", 2)
        own.update(dict.fromkeys(names.split(","), path))
    found: dict[frozenset[str], Hierarchy] = {}
    for line in mountinfo.splitlines():
        mount, _, source = line.partition(" - ")
        kind, _, options = source.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        controllers = frozenset(options.split(",")).intersection(CONTROLLERS) if kind == "cgroup" else frozenset[str]()
        path = own.get(min(controllers, default=""))
        if path is None or (kind == "cgroup" and not controllers):
            continue
        root, mounted_at = (_unescaped(text) for text in mount.split(" ")[3:5])
        if groups := _from_own_up(path, root, mounted_at):
            found.setdefault(controllers, Hierarchy(2 if kind == "cgroup2" else 1, controllers, groups))
    return list(found.values())


def _from_own_up(path: str, root: str, mounted_at: str) -> tuple[Path, ...]:
    """Return the folders of a group and of those above it; none where it is outside of what is mounted."""
    if not Path(path).is_relative_to(root) or ".." in Path(path).parts:
        return ()
    inner = Path(path).relative_to(root)
    return tuple(Path(mounted_at, above) for above in (inner, *inner.parents))


def _unescaped(text: str) -> str:
    """Undo the octal escapes of proc_pid_mountinfo(5)."""
    head, *rest = text.split("\\")
    return head + "".join(chr(int(part[:3], 8)) + part[3:] for part in rest)


def _best(hierarchy: Hierarchy) -> tuple[frozenset[str], Path]:
    """Return the group that gives most, and what it gives; the nearest one where several give the same."""
    best: tuple[frozenset[str], Path] = frozenset(), Path()
    for group in hierarchy.groups:
        given = _given(group) if hierarchy.version == 2 else hierarchy.controllers
        if len(given) > len(best[0]) and _holds_processes(group):
            best = given, group
    return best


def _given(group: Path) -> frozenset[str]:
    """Return what a group of version 2 gives its children, after asking it to give all that we use."""
    with contextlib.suppress(OSError):
        for controller in set((group / "cgroup.controllers").read_text().split()).intersection(CONTROLLERS):
            with contextlib.suppress(OSError):
                # Refused, rightly, where processes are in the group itself.
                (group / "cgroup.subtree_control").write_text(f"+{controller}")
        return frozenset((group / "cgroup.subtree_control").read_text().split()).intersection(CONTROLLERS)
    return frozenset()


def _holds_processes(parent: Path) -> bool:
    """Say whether a process can be moved into a child of a group."""
    trial = parent / f"{PREFIX}trial-{uuid.uuid4().hex[:12]}"
    try:
        trial.mkdir()
        with subprocess.Popen(["sleep", str(_TRIAL_S)], stdin=subprocess.DEVNULL) as process:
            try:
                (trial / "cgroup.procs").write_text(str(process.pid))
            finally:
                process.kill()
    except OSError:
        return False
    finally:
        remove_group(trial)
    return True


def sweep(folder: Path) -> None:
    """Remove old groups of ours in which nothing runs, whoever left them: a live sandbox has a process in its own."""
    for group in folder.glob(f"{PREFIX}*"):
        # An old one may still have processes; then the kernel refuses, and rightly.
        with contextlib.suppress(OSError):
            if time.time() - group.stat().st_mtime > _OLD_S:
                group.rmdir()


def remove_group(group: Path) -> bool:
    """Remove an empty group; False where processes are in it for longer than they take to end."""
    give_up = time.monotonic() + _REMOVAL_S
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > give_up:
                return False
            time.sleep(0.002)
        else:
            return True
