"""Whether a backend can be what a spec asks for, asked before anything starts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox._egress.hosts import parse_blocked, parse_patterns
from claudebox_rl.sandbox.spec import Capabilities, Limit, SandboxSpec, is_layout

_LEAST: dict[Limit, float] = {"max_processes": 2}
_DEFAULTS = SandboxSpec()
_FOR_GROUPS = "give this process a control group that it may write to: run it as root, or by systemd-run --user --scope"


def check_spec(backend: str, spec: SandboxSpec, able: Capabilities) -> None:
    """Refuse a spec that a backend can't enforce, or that contradicts itself.

    Raises:
        ConfigError: Names the field.
    """
    if spec.network not in able.networks:
        known = " or ".join(f"network={mode}" for mode in sorted(able.networks))
        _refuse("network", f"sandbox={backend} has no network={spec.network}: give {known}, or take another sandbox")
    if spec.allowed_hosts and spec.network != "restricted":
        _refuse("allowed_hosts", "allowed_hosts needs network=restricted")
    parse_patterns(spec.allowed_hosts)
    parse_blocked(spec.blocked_hosts)
    if spec.blocked_hosts and spec.network != "none" and spec.network not in able.blocks_hosts:
        ways = " or ".join(f"network={mode}" for mode in sorted(able.blocks_hosts)) or "another sandbox"
        _refuse("blocked_hosts", f"sandbox={backend} can't block hosts on network={spec.network}; use {ways}")
    if spec.read_only_workspace:
        _check_read_only(backend, spec, able)
    _check_limits(backend, spec, able)
    if spec.image is not None:
        _check_image(backend, spec.image, able)
    if spec.secrets and not able.secrets:
        _refuse("secrets", f"sandbox={backend} can't put a secret in on the host's side; use sandbox=boxlite")


def check_hosts(spec: SandboxSpec, field: str) -> None:
    """Refuse hosts that can't be read, in the words of whoever gave them.

    Args:
        spec: Holds nothing but the hosts.
        field: Where they were given.

    Raises:
        ConfigError: Names `field` and the entry.
    """
    try:
        parse_patterns(spec.allowed_hosts)
        parse_blocked(spec.blocked_hosts)
    except ConfigError as error:
        raise ConfigError(f"{field}: {error.message.partition(': ')[2]}", field=field) from None


def _check_read_only(backend: str, spec: SandboxSpec, able: Capabilities) -> None:
    if not able.read_only_workspace:
        ways = "use sandbox=local or sandbox=boxlite"
        _refuse("read_only_workspace", f"sandbox={backend} can't keep /workspace from changes; {ways}")
    if spec.workspace is None:
        return
    workspace = spec.workspace.resolve()
    for mount in spec.mounts:
        source = mount.source.resolve()
        if not mount.read_only and (source.is_relative_to(workspace) or workspace.is_relative_to(source)):
            _refuse(
                "mounts", f"mounts: {mount.source} is writable, and shares files with a workspace that is not to be"
            )


def _check_limits(backend: str, spec: SandboxSpec, able: Capabilities) -> None:
    for field in get_args(Limit):
        value = getattr(spec, field)
        if value is None:
            continue
        least = _LEAST.get(field, 1)
        if field == "cpus":
            if not (value > 0 and math.isfinite(value)):
                _refuse(field, f"cpus={value} is not a positive number")
        elif value < least:
            _refuse(field, f"{field}={value} must be at least {least}")
        # A default is a wish of nobody's; what a user sets must hold.
        if field not in able.limits and value != getattr(_DEFAULTS, field):
            way = _FOR_GROUPS if field == "cpus" and able.isolation == "namespace" else "use another"
            _refuse(field, f"sandbox={backend} can't enforce {field}={value} on this host; leave it out, or {way}")


def _check_image(backend: str, image: str, able: Capabilities) -> None:
    if not able.images:
        _refuse("image", f"sandbox={backend} has no images; use sandbox=boxlite, or leave image out")
    if is_layout(image):
        if not (Path(image) / "index.json").is_file():
            _refuse("image", f"image={image} is a path, but no folder with an OCI layout")
    elif "registry" not in able.images:
        _refuse(
            "image",
            f"sandbox={backend} takes an image from an OCI layout folder only: fetch it once with "
            f"`skopeo copy docker://{image} oci:FOLDER:latest`, and give FOLDER's absolute path",
        )


def check_mounts(spec: SandboxSpec, reserved: Iterable[str]) -> None:
    """Refuse a mount whose source is no folder, or whose target can't be had.

    Args:
        spec: What is asked for.
        reserved: Folders inside that are the backend's own.

    Raises:
        ConfigError: Names the mount.
    """
    taken = [PurePosixPath(folder) for folder in reserved]
    for mount in spec.mounts:
        target = PurePosixPath(mount.target)
        if not mount.source.is_absolute() or not mount.source.is_dir():
            _refuse("mounts", f"mounts: {mount.source} is not the absolute path of a folder")
        if not target.is_absolute() or ".." in target.parts or str(target) == "/":
            _refuse("mounts", f"mounts: {mount.target!r} is not an absolute path inside")
        if clash := next((other for other in taken if overlap(target, other)), None):
            _refuse("mounts", f"mounts: {mount.target} overlaps {clash}, which is the sandbox's own")
        taken.append(target)


def overlap(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Say whether one of two paths lies in the other."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def check_port(port: int) -> None:
    """Refuse what is no TCP port.

    Raises:
        ConfigError: `port` is not from 1 to 65535.
    """
    if not 0 < port < 1 << 16:
        raise ConfigError(f"port={port} is not from 1 to 65535")


def check_same_port(backend: str, port: int, host_port: int | None) -> None:
    """Refuse another port of the host, where servers inside are servers of the host.

    Raises:
        ConfigError: `host_port` is not `port`.
    """
    if host_port not in (None, port):
        raise ConfigError(f"sandbox={backend} serves port {port} as it is; publish it at host_port={port}", port=port)


def check_fork(n: int) -> None:
    """Refuse a number of forks that makes no sense.

    Raises:
        ConfigError: `n` is less than 1.
    """
    if n < 1:
        raise ConfigError(f"fork: n={n} must be at least 1")


def _refuse(field: str, message: str, **context: Any) -> None:
    raise ConfigError(message, field=field, **context)


def check_env(env: Mapping[str, str]) -> None:
    """Refuse variables that no process can have.

    Raises:
        ConfigError: Names the variable.
    """
    for name, value in env.items():
        if not name or "=" in name or "\0" in name + value:
            raise ConfigError(f"env: {name!r} can't be the name of a variable, or its value holds a NUL", name=name)
