"""What a sandbox is asked to be, and what a backend says it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Isolation = Literal["microvm", "namespace", "none", "fake"]
Network = Literal["none", "full"]
_NO_ENV: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the host, seen inside, read-only."""

    source: Path
    """Absolute path of an existing folder on the host."""
    target: str
    """Absolute path inside, never under one of the sandbox's own writable folders."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """One machine to make. A backend that can't enforce a field refuses it in its constructor with `ConfigError`."""

    workspace: Path | None = None
    """Folder of the host that becomes /workspace and outlives the sandbox; None: a fresh one, deleted at `stop`."""
    image: str | None = None
    """Registry reference or OCI layout folder; None: the backend's default (for `local`, the host's /usr)."""
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: _NO_ENV)
    """Environment of every command, over the backend's own small default; the host's is never passed on."""
    network: Network = "none"
    """`none` has no route anywhere, `expose_host_port` apart."""
    cpus: float | None = None
    memory_mib: int | None = None
    max_processes: int | None = 1024
    max_file_bytes: int | None = 2 << 30
    """Largest single file a command may write."""
    start_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend gives, stated before anything starts."""

    isolation: Isolation
    images: bool
    """Can boot an OCI image; else its userland is the host's."""
    networks: frozenset[Network]
    hard_limits: frozenset[str]
    """Names of `SandboxSpec` limits (`cpus`, `memory_mib`, `max_processes`, `max_file_bytes`) that are enforced."""
    shell: bool = True
    """Runs real programs; only the in-memory fake does not."""


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """A piece of a command's output, in the order in which it was seen."""

    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a command ended."""

    exit_code: int
    """The process's own; 128 + signal where a signal ended it."""
    timed_out: bool = False
    """The deadline passed and the whole process tree was ended."""


@dataclass(frozen=True, slots=True)
class ExecResult:
    """A command that ran to its end (a failing one too)."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    truncated: bool = False
    """Output beyond the cap was dropped; the kept part ends with a line that says so."""
    duration_s: float = 0.0

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 become U+FFFD."""
        return self.stdout.decode("utf-8", "replace")
