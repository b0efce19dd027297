"""What a supervisor is told before it serves: see `_guest.main`, `_guest.confine`, `_guest.watchdog`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from claudebox_rl.sandbox.spec import Capabilities, SandboxSpec

_MAX_OPEN_FILES = 1 << 16


def settings(
    spec: SandboxSpec,
    able: Capabilities,
    folders: Iterable[str],
    *,
    uid: int | None,
    account: Literal["processes", "machine"],
    counts_memory: bool,
) -> dict[str, Any]:
    """Return the first message to a supervisor.

    Args:
        spec: The limits.
        able: Which of them the supervisor's watchdog is to hold: the soft ones.
        folders: The writable ones, whose files count as disk.
        uid: User to become before anything is served; None: it is the right one already.
        account: Whether its kernel is the host's too, or the machine's own.
        counts_memory: Whether nobody else does.
    """
    return {
        "uid": uid,
        "user": spec.user if able.users else None,
        "max_processes": spec.max_processes if "max_processes" in able.limits else None,
        "max_file_bytes": spec.max_file_bytes,
        "max_open_files": _MAX_OPEN_FILES,
        "watch": {
            "account": account,
            "samples": counts_memory,
            "memory_mib": spec.memory_mib if "memory_mib" in able.soft_limits else None,
            "disk_mib": spec.disk_mib if "disk_mib" in able.soft_limits else None,
            "folders": list(folders),
        },
    }
