"""Finding a box that outlived its process, and what the journal keeps of it for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from claudebox_rl.errors import SandboxAttachError
from claudebox_rl.sandbox import journal, reaper
from claudebox_rl.sandbox.journal import SUFFIX, MachineRecord
from claudebox_rl.sandbox.spec import Mount, SandboxSpec, Secret

_AS_THEY_ARE = (
    "image",
    "network",
    "user",
    "cpus",
    "memory_mib",
    "disk_mib",
    "max_processes",
    "max_file_bytes",
    "start_timeout_s",
)
_WHY_NOT = {
    "elsewhere": "was made in another container or on another host; attach there",
    "dead": "has ended; `claudebox-rl machines reap` removes what it left",
}


def find(sandbox_id: str) -> MachineRecord:
    """Return the record of a box that can be attached to.

    Raises:
        SandboxAttachError: There is none; the `cause` says why.
    """
    place = journal.machines_dir() / f"{sandbox_id}{SUFFIX}"
    entry = journal.read(place) if place.parent == journal.machines_dir() else None
    if entry is None:
        raise SandboxAttachError(
            f"there is no machine {sandbox_id!r} in {journal.machines_dir()}; `claudebox-rl machines list` shows those "
            "that there are",
            cause="unknown",
        )
    if not entry.kept:
        raise SandboxAttachError(
            f"{sandbox_id} ends with its owner: make a machine to come back to by BoxliteSandbox(spec, detached=True)",
            cause="owner",
        )
    owner = reaper.owner_of(entry)
    if owner == "alive":
        raise SandboxAttachError(
            f"{sandbox_id} is held by process {entry.owner_pid}, which lives; detach it there first",
            cause="held",
            pid=entry.owner_pid,
        )
    if owner != "detached":
        cause = "gone" if owner == "dead" else "elsewhere"
        raise SandboxAttachError(f"{sandbox_id} {_WHY_NOT[owner]}", cause=cause)
    return entry


def pack_spec(spec: SandboxSpec) -> dict[str, Any]:
    """Return a spec as JSON, without the values of its secrets."""
    return {
        **{name: getattr(spec, name) for name in _AS_THEY_ARE},
        "env": dict(spec.env),
        "allowed_hosts": list(spec.allowed_hosts),
        "read_only_workspace": spec.read_only_workspace,
        "blocked_hosts": list(spec.blocked_hosts),
        "workspace": str(spec.workspace.absolute()) if spec.workspace is not None else None,
        "mounts": [[str(mount.source), mount.target, mount.read_only] for mount in spec.mounts],
        "secrets": [[secret.name, list(secret.hosts)] for secret in spec.secrets],
    }


def unpack_spec(packed: dict[str, Any]) -> SandboxSpec:
    """Return the spec; its secrets have no value."""
    workspace = packed["workspace"]
    return SandboxSpec(
        **{name: packed[name] for name in _AS_THEY_ARE},
        env=packed["env"],
        allowed_hosts=tuple(packed["allowed_hosts"]),
        read_only_workspace=packed.get("read_only_workspace", False),
        blocked_hosts=tuple(packed.get("blocked_hosts", ())),
        workspace=None if workspace is None else Path(workspace),
        mounts=tuple(Mount(Path(source), target, read_only) for source, target, read_only in packed["mounts"]),
        secrets=tuple(Secret(name, "", tuple(hosts)) for name, hosts in packed["secrets"]),
    )
