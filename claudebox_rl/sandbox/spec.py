"""What a sandbox is asked to be, and what a backend says it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Isolation = Literal["microvm", "namespace", "none", "fake"]
Network = Literal["none", "restricted", "full"]
ImageSource = Literal["layout", "registry"]
Limit = Literal["cpus", "memory_mib", "disk_mib", "max_processes", "max_file_bytes"]
Fork = Literal["copy", "overlay"]
_NO_ENV: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the host, seen inside."""

    source: Path
    """Absolute path of an existing folder on the host."""
    target: str
    """Absolute path inside, never under one of the sandbox's own writable folders."""
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that only the host knows: inside there is a placeholder, which is replaced on the way out."""

    name: str
    """Of the environment variable that holds the placeholder."""
    value: str = field(repr=False)
    hosts: tuple[str, ...]
    """Where the value may go, over HTTPS: names, or `*.example.com`."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """One machine to make. A backend that can't enforce a field refuses it in its constructor with `ConfigError`."""

    workspace: Path | None = None
    """Folder of the host that becomes /workspace and outlives the sandbox; None: a fresh one, deleted at `stop`."""
    image: str | None = None
    """Registry reference or OCI layout folder; None: the backend's default (for `local`, the host's /usr)."""
    workdir: str | None = None
    """Absolute path of a folder that commands may change, and that begins as it is in the image; None: none but the
    backend's own. A machine whose files can all be changed has no need of it."""
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: _NO_ENV, hash=False)  # a mapping has none; equality sees it
    """Environment of every command, over the backend's own small default; the host's is never passed on."""
    secrets: tuple[Secret, ...] = ()
    network: Network = "none"
    """`none` has no route anywhere, `expose_host_port` apart; `restricted` reaches `allowed_hosts` alone, over an HTTP
    proxy that the environment names; `full` reaches the internet, never the host's own services."""
    allowed_hosts: tuple[str, ...] = ()
    """For `restricted`: `example.com`, `*.example.com` (every name below it), a public address, or one of these with
    `:port` (else 80 and 443). At port 443 it is TLS for that very name. Not prevented: that a host which is allowed
    passes on what it is sent."""
    blocked_hosts: tuple[str, ...] = ()
    """What stays closed whatever else is open, written as in `allowed_hosts`; without a port, at all of them. A name is
    blocked too where it has a blocked address. On `full` a blocked name closes all that is asked for by its address.
    Not prevented: another name for a blocked host, which only `allowed_hosts` keeps closed."""
    read_only_workspace: bool = False
    """No command can change /workspace: neither content nor names, modes or times. The host's own `write_file` and
    `copy_in` still fill it, at any time. The other writable folders stay so: the agent's program, the verifier and
    /tmp need theirs. On `boxlite` it needs `workspace`, and such a box is not forked."""
    user: str | None = None
    """User inside that commands run as; None: the backend's own (`agent` in `local`, the image's in `boxlite`)."""
    cpus: float | None = None
    """Processor time for each second; 0.5 is half a core."""
    memory_mib: int | None = None
    """All processes together."""
    disk_mib: int | None = None
    """All that the writable folders hold together."""
    max_processes: int | None = 1024
    max_file_bytes: int | None = 2 << 30
    """Largest single file a command may write."""
    start_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend gives on this host, stated before anything starts."""

    isolation: Isolation
    networks: frozenset[Network]
    blocks_hosts: frozenset[Network] = frozenset()
    """Networks on which it can keep single hosts closed."""
    read_only_workspace: bool = False
    """Can show commands a /workspace that they can't change."""
    images: frozenset[ImageSource] = frozenset()
    """Where it can take an image from; empty: its userland is the host's."""
    default_image: str | None = None
    """What it boots where the spec names no image; None: the host's /usr."""
    hard_limits: frozenset[Limit] = frozenset()
    """Limits of `SandboxSpec` that the kernel holds: they are never passed."""
    soft_limits: frozenset[Limit] = frozenset()
    """Limits that a watchdog holds: passed for a moment, then the commands are ended."""
    fork: Fork = "copy"
    """How `fork` comes to the same files: a copy, or copy-on-write over one copy."""
    users: bool = False
    """Commands can run as any user of the machine; else as one."""
    secrets: bool = False
    """Can put a `Secret` in on the host's side."""
    shell: bool = True
    """Runs real programs; only the in-memory fake does not."""

    @property
    def limits(self) -> frozenset[Limit]:
        """Limits that are enforced at all; a spec with another one is refused."""
        return self.hard_limits | self.soft_limits

    def boots(self, image: str | None) -> bool:
        """Say whether it can boot an image; there is nothing to boot where there is none."""
        return image is not None and ("layout" if is_layout(image) else "registry") in self.images


def is_layout(image: str) -> bool:
    """Say whether an image is the path of an OCI layout folder; else it is a registry's reference."""
    return image.startswith(("/", "./", "../"))


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
