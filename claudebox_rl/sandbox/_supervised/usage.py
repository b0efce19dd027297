"""What a sandbox has used, by the account of one who can tell: a control group, or the supervisor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from claudebox_rl.sandbox._guest.wire import WireError
from claudebox_rl.sandbox._network.traffic import Traffic
from claudebox_rl.sandbox._supervised.frames import integer
from claudebox_rl.sandbox.metrics import MemorySource, SandboxMetrics

_MOST = 1 << 62
_MOST_PROCESSES = 1 << 22
"""Largest pid_max of Linux."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time and memory; None for what is not known."""

    cpu_s: float | None = None
    memory_bytes: int | None = None
    memory_peak_bytes: int | None = None
    memory_source: MemorySource = "none"
    num_killed: int = 0
    """Processes ended because memory ran out."""

    def over(self, other: Usage) -> Usage:
        """Return this account, with the other's word on what this one can't tell."""
        cpu_s = other.cpu_s if self.cpu_s is None else self.cpu_s
        return replace(other if self.memory_source == "none" else self, cpu_s=cpu_s)


@dataclass(frozen=True, slots=True)
class Report:
    """What a supervisor says of its sandbox."""

    usage: Usage
    num_processes: int
    disk_bytes: int

    def metrics(self, usage: Usage, traffic: Traffic, num_commands: int) -> SandboxMetrics:
        """Return it beside what the host knows: a better account of the usage, traffic, commands."""
        return SandboxMetrics(
            cpu_s=usage.cpu_s,
            memory_bytes=usage.memory_bytes,
            memory_peak_bytes=usage.memory_peak_bytes,
            memory_source=usage.memory_source,
            disk_bytes=self.disk_bytes,
            network_sent_bytes=traffic.sent,
            network_received_bytes=traffic.received,
            num_processes=self.num_processes,
            num_commands=num_commands,
            num_killed_for_memory=usage.num_killed,
            refused=tuple(traffic.refused),
            num_refused=traffic.num_refused,
        )


def report(message: dict[str, Any]) -> Report:
    """Return the content of a supervisor's answer.

    Raises:
        WireError: It has none.
    """
    source = message.get("memory_source")
    if source not in ("sampled", "guest", "none"):
        raise WireError("memory that nobody has measured")
    known = source != "none"
    usage = Usage(
        integer(message, "cpu_ms", 0, _MOST) / 1000,
        integer(message, "memory_bytes", 0, _MOST) if known else None,
        integer(message, "memory_peak_bytes", 0, _MOST) if known else None,
        cast("MemorySource", source),
        integer(message, "num_killed", 0, _MOST),
    )
    disk_bytes = integer(message, "disk_bytes", 0, _MOST)
    return Report(usage, integer(message, "num_processes", 0, _MOST_PROCESSES), disk_bytes)
