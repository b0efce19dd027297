"""The most memory that a process takes from a moment on."""

from __future__ import annotations

from pathlib import Path


class Peak:
    """Begins when it is made. `ru_maxrss` won't do: a process has its parent's peak from the start."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text(
            "5", encoding="ascii"
        )  # forget the peak until now (proc_pid_clear_refs(5))
        self._before = _status("VmRSS")

    @property
    def mib(self) -> float:
        """How much it grew by, at the most."""
        return round((_status("VmHWM") - self._before) / 1024, 1)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
