"""What a sandbox has used until now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from claudebox_rl.types import RefusedConnection

MemorySource = Literal["cgroup", "sampled", "guest", "none"]


@dataclass(frozen=True, slots=True)
class SandboxMetrics:
    """Use of one sandbox since its start: of everything inside, not of the process that holds it on the host.

    None stands for what a backend can't tell.
    """

    cpu_s: float | None
    """Processor time of all processes, ended ones too."""
    memory_bytes: int | None
    """Memory held now."""
    memory_peak_bytes: int | None
    """Most memory held at once. Where `memory_source` is `cgroup`, with pages of files that the kernel kept at hand;
    elsewhere a lower bound."""
    memory_source: MemorySource
    """`cgroup`: the kernel's own account; `guest`: a micro-VM's kernel's, of all that runs there; `sampled`: the
    processes' own memory. The last two are looked at ten times a second while anything runs."""
    disk_bytes: int
    """Held by files in the writable folders (/tmp left out)."""
    network_sent_bytes: int | None
    """Payload that left through exposed ports and the network policy's proxy."""
    network_received_bytes: int | None
    num_processes: int | None
    """Alive now, without the sandbox's own."""
    num_commands: int
    """Commands that `exec` and `open_exec` have started."""
    num_killed_for_memory: int = 0
    """Processes that were ended because the sandbox passed `memory_mib`."""
    refused: tuple[RefusedConnection, ...] = ()
    """The last refused connections, at most 256."""
    num_refused: int = 0
    """All refused connections."""
