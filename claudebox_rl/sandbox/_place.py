"""Where a process id means something: this host, this boot of its kernel, this namespace of process ids.

Homes are shared: over NFS by hosts, through bind mounts by containers. So a number in a file there says something about
a process only where it was written in the same place; and what another boot of this host wrote is known to be dead
only on a file system that one kernel alone has mounted.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from pathlib import Path

_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_ONE_KERNEL = frozenset({"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})
"""Types of file systems that are mounted by one kernel at a time (mount(8)): not shared over a network or by a host."""


def here() -> str:
    """Return the boot and the process-id namespace that this process runs in, to be compared only."""
    if sys.platform != "linux":
        return platform.node()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def boot_of(place: str) -> str:
    """Return the part of a place that changes with each boot."""
    return place.partition(" ")[0]


def host() -> str:
    """Return what stays the same over boots of this host; machine-id(5) is not to be shown, so only a hash of it."""
    for source in map(Path, _MACHINE_IDS):
        if source.is_file() and (machine_id := source.read_text().strip()):
            return hashlib.sha256(f"claudebox_rl {machine_id}".encode()).hexdigest()[:16]
    return platform.node()


def has_one_kernel(folder: Path) -> bool:
    """Say whether no other host, present or future, writes in a folder while this one has it mounted."""
    return (
        sys.platform == "linux" and _type_of(folder.resolve(), Path("/proc/self/mountinfo").read_text()) in _ONE_KERNEL
    )


def _type_of(folder: Path, mountinfo: str) -> str:
    """Return the type of the file system that a folder lies on (proc_pid_mountinfo(5)); "" where it is not listed."""
    best, kind = Path(), ""
    for line in mountinfo.splitlines():
        mount, _, source = line.partition(" - ")
        point = Path(mount.split(" ")[4].encode("latin-1", "replace").decode("unicode_escape"))
        # Of two mounts in one place the later one is seen.
        if folder.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, source.split(" ")[0]
    return kind


def process_start(pid: int) -> str | None:
    """Return when a process started, in a form that only serves to compare; None where it has ended.

    With its number this names one process of a place: numbers are used again, but not in the same clock tick.
    """
    if sys.platform == "linux":
        try:
            # The name in brackets may hold anything; see proc_pid_stat(5).
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, num_threads, start = fields[0], int(fields[17]), fields[19]
        # A zombie has ended, unless only its first thread has.
        return None if state in "ZX" and num_threads <= 1 else start
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None
