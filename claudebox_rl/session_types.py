"""Frozen values about a session: what it is, what it used, what is known of it on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SessionState = Literal["open", "closed", "broken", "cleaned"]
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class SessionMetadata:
    """What is kept of a session beside its workspace. Times are seconds since the epoch, host clock."""

    session_id: str
    created_at: float
    last_accessed: float
    workspace_path: str = ""
    """Folder of the host; empty where the session keeps none."""
    sandbox_id: str = ""
    """The machine of the last opening."""
    num_openings: int = 1
    num_prompts: int = 0
    """Prompts over the session's life; the next prompt's index."""
    total_turns: int = 0
    """Turns of the agent over the session's life."""
    total_duration_s: float = 0.0
    """Wall time of all prompts."""
    cost_usd: float = 0.0

    @property
    def box_id(self) -> str:
        """The same as `sandbox_id`."""
        return self.sandbox_id

    @property
    def total_duration_ms(self) -> int:
        """Wall time of all prompts."""
        return round(self.total_duration_s * 1000)


@dataclass(frozen=True, slots=True)
class ResourceMetrics:
    """What a session's machine used until one moment; None stands for what its backend can't tell.

    Counts and sums begin with the machine, which is another one after each opening of the session.
    """

    at: float
    """Seconds since the epoch, host clock."""
    sandbox_id: str
    """The machine."""
    prompt_index: int | None
    """The prompt at work, or the last one; None before the first."""
    cpu_s: float | None
    """Processor time of all processes, ended ones too."""
    cpu_percent: float | None
    """Of one processor, since the metrics before these; 200 is two processors."""
    cpu_percent_life: float | None
    """Of one processor, since the machine started."""
    memory_bytes: int | None
    """Held now."""
    memory_peak_bytes: int | None
    disk_bytes: int
    """Held by files in the writable folders, the workspace among them."""
    network_sent_bytes: int | None
    network_received_bytes: int | None
    num_processes: int | None
    """Alive now."""
    num_commands: int
    """Commands that the session started in the machine: the agent's own program is one."""
    num_tool_calls: int
    """Tool calls of the agent."""
    num_bash_calls: int
    """Those of them that ran a shell command."""

    @property
    def memory_mb(self) -> int:
        """Memory held now, in MiB, 0 where it is unknown."""
        return (self.memory_bytes or 0) // _MIB

    @property
    def disk_mb(self) -> int:
        """Disk held now, in MiB."""
        return self.disk_bytes // _MIB

    @property
    def commands_executed(self) -> int:
        """Commands of the session and shell commands of the agent."""
        return self.num_commands + self.num_bash_calls

    @property
    def network_bytes_sent(self) -> int:
        """0 where it is unknown."""
        return self.network_sent_bytes or 0

    @property
    def network_bytes_received(self) -> int:
        """0 where it is unknown."""
        return self.network_received_bytes or 0


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as it lies on disk."""

    session_id: str
    state: SessionState
    """`open`: a process has it; `broken`: its metadata can't be read; `cleaned`: only its workspace is left."""
    workspace_path: str
    owner_pid: int | None = None
    """The process that has it open; None where it is not open, or in another container or on another host."""
    created_at: float | None = None
    """Seconds since the epoch; None where it is not known."""
    last_accessed: float | None = None
    age_s: float | None = None
    """Since it was last used."""
    num_prompts: int = 0
    total_turns: int = 0
    size_bytes: int = 0
    """Of all its files on disk."""
    box_id: str | None = None
    """The machine of the last opening."""

    @property
    def status(self) -> SessionState:
        """The same as `state`."""
        return self.state
