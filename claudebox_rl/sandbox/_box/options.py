"""What a box is asked to be, in BoxLite's words, and which specs it can't be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox._box import runtimes
from claudebox_rl.sandbox._box.main import main_command
from claudebox_rl.sandbox._check_spec import check_mounts
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE
from claudebox_rl.sandbox.spec import SandboxSpec, Secret, is_layout

DEFAULT_IMAGE = "python:3.12-slim-bookworm"
HOME = "/home/agent"
_DEFAULT_CPUS, _DEFAULT_MEMORY_MIB, _DEFAULT_DISK_GIB = 1, 2048, 16
_LEAST_MEMORY_MIB = 256
_ADDED_MIB = 16
"""Given to a guest by BoxLite beyond what is asked for (0.10.8)."""
_MOST_CPUS = 255
_MIB_OF_GIB = 1024
_ROOT = "0:0"
_ROOTS = (None, "root", "0")
"""Users of a spec that are root."""
_RESERVED = (*WRITABLE, HOME, "/tmp", "/proc", "/sys", "/dev", "/etc", "/usr", "/bin", "/lib", "/run")
_CAPABILITIES = {False: {"drop": ["NET_RAW"]}, True: {"drop": ["NET_RAW"], "add": ["NET_ADMIN"]}}
"""By whether there is a network. Raw sockets would go past the closed door (`_guest.host_door`)."""
_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Where BoxLite adds the authority of its own proxy, inside."""
_OF_AUTHORITIES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")


def check_box(spec: SandboxSpec) -> None:
    """Refuse what no box can be.

    Raises:
        ConfigError: Names the field.
    """
    cpus, memory_mib, disk_mib = spec.cpus, spec.memory_mib, spec.disk_mib
    if cpus is not None and (cpus != int(cpus) or cpus > _MOST_CPUS):
        raise ConfigError(f"cpus={cpus}: a box has whole CPUs, 1 to {_MOST_CPUS}", field="cpus")
    if memory_mib is not None and memory_mib < _LEAST_MEMORY_MIB:
        raise ConfigError(f"memory_mib={memory_mib}: a box needs {_LEAST_MEMORY_MIB} or more", field="memory_mib")
    if disk_mib is not None and disk_mib % _MIB_OF_GIB:
        up = math.ceil(disk_mib / _MIB_OF_GIB) * _MIB_OF_GIB
        raise ConfigError(f"disk_mib={disk_mib}: a box's disk has whole GiB; give {up}", field="disk_mib")
    if disk_mib is not None and spec.workspace is not None:
        raise ConfigError("disk_mib: a box can't bound a workspace of the host; leave one out", field="disk_mib")
    if spec.read_only_workspace and spec.workspace is None:
        raise ConfigError(
            "read_only_workspace: a box shows a folder of the host so; give workspace, or use sandbox=local",
            field="read_only_workspace",
        )
    check_mounts(spec, _RESERVED)
    _check_user(spec)
    _check_secrets(spec)


def check_kept(spec: SandboxSpec) -> None:
    """Refuse what no box can be that outlives its process.

    Raises:
        ConfigError: Names the field.
    """
    if spec.network == "full" and spec.user in _ROOTS:
        # BoxLite gives each program that it starts inside the right to open the way to the host's loopback, also the
        # one of a later attach; and root can put another program in that one's place.
        raise ConfigError(
            "detached=True with network=full needs a user other than root, who could reach the host's loopback at the "
            "next attach: give user, or network=restricted",
            field="user",
        )


def check_forkable(spec: SandboxSpec) -> None:
    """Refuse to fork what has no files of its own to copy.

    Raises:
        ConfigError: Names the field.
    """
    if spec.read_only_workspace:
        raise ConfigError(
            "fork: the workspace of a box with read_only_workspace is a folder of the host, which a fork would share; "
            "start another box on a copy of it, or use sandbox=local",
            field="read_only_workspace",
        )


def box_options(spec: SandboxSpec, *, is_kept: bool = False) -> Any:
    """Return the `boxlite.BoxOptions` of a spec.

    Args:
        spec: What the box is to be.
        is_kept: Whether it outlives this process. BoxLite then leaves its removal to us.
    """
    boxlite = runtimes.load()
    image, has_network = spec.image or DEFAULT_IMAGE, spec.network == "full"
    volumes = list(_volumes(spec))
    # A read-only one can't be given to the commands' user.
    folders = [folder for folder in (*WRITABLE, HOME) if folder != WORKSPACE or not spec.read_only_workspace]
    return boxlite.BoxOptions(
        **{"rootfs_path" if is_layout(image) else "image": image},
        cpus=int(spec.cpus or _DEFAULT_CPUS),
        memory_mib=(spec.memory_mib or _DEFAULT_MEMORY_MIB) - _ADDED_MIB,
        disk_size_gb=(spec.disk_mib or _DEFAULT_DISK_GIB * _MIB_OF_GIB) // _MIB_OF_GIB,
        volumes=volumes,
        network=boxlite.NetworkSpec(
            outbound=boxlite.OutboundNetworkSpec(mode="enabled" if has_network else "disabled")
        ),
        secrets=[_secret(boxlite, secret) for secret in spec.secrets],
        user=_ROOT,
        entrypoint=main_command(folders, user=spec.user, has_network=has_network, is_kept=is_kept),
        cmd=[],
        advanced=_advanced(boxlite, has_volumes=bool(volumes), has_network=has_network),
        auto_remove=not is_kept,
        detach=is_kept,
    )


def secret_env(spec: SandboxSpec) -> dict[str, str]:
    """Return the variables that hold placeholders, and have programs trust BoxLite's proxy, which replaces them."""
    if not spec.secrets:
        return {}
    boxlite = runtimes.load()
    placeholders = {secret.name: _secret(boxlite, secret).get_placeholder() for secret in spec.secrets}
    return {**dict.fromkeys(_OF_AUTHORITIES, _AUTHORITIES), **placeholders}


def layout_user(image: str) -> str | None:
    """Return the user that an OCI layout's image names for its commands; None: root, or it can't be told."""
    try:
        index = _read_json(Path(image, "index.json"))
        manifest = _read_blob(image, index["manifests"][0]["digest"])
        user = str(_read_blob(image, manifest["config"]["digest"])["config"].get("User", ""))
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        # BoxLite says at the start what is wrong with a layout.
        return None
    return user.partition(":")[0] or None


def _read_blob(image: str, digest: str) -> dict[str, Any]:
    algorithm, _, name = digest.partition(":")
    return _read_json(Path(image, "blobs", algorithm, name))


def _read_json(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(path.read_text()))


def _check_user(spec: SandboxSpec) -> None:
    # BoxLite's jail has one user: what another one makes in a folder of the host, or is given there, is an invalid
    # argument (0.10.8).
    if spec.user in _ROOTS:
        return
    own = (WORKSPACE,) if spec.workspace is not None and not spec.read_only_workspace else ()
    writable = (*own, *(mount.target for mount in spec.mounts if not mount.read_only))
    if writable:
        raise ConfigError(
            f"user={spec.user}: only root can write in a folder of the host that a box shows ({', '.join(writable)}); "
            "show none, or read-only, let commands run as root, or use sandbox=local",
            field="user",
        )


def _check_secrets(spec: SandboxSpec) -> None:
    if spec.secrets and spec.network != "full":
        raise ConfigError(
            f"secrets need network=full: network={spec.network} does not use BoxLite's proxy", field="secrets"
        )
    for secret in spec.secrets:
        if not secret.name.isidentifier() or not secret.value or not secret.hosts:
            raise ConfigError(
                f"secrets: {secret.name!r} needs a variable's name, a value, and hosts that it may go to",
                field="secrets",
            )


def _secret(boxlite: Any, secret: Secret) -> Any:
    return boxlite.Secret(name=secret.name, value=secret.value, hosts=list(secret.hosts))


def _volumes(spec: SandboxSpec) -> Iterator[tuple[str, str, bool]]:
    """Yield folders of the host, where they are inside, and whether they are read-only."""
    for mount in spec.mounts:
        yield str(mount.source), str(PurePosixPath(mount.target)), mount.read_only
    if spec.workspace is not None:
        workspace = spec.workspace.absolute()
        workspace.mkdir(parents=True, exist_ok=True)
        yield str(workspace), WORKSPACE, spec.read_only_workspace


def _advanced(boxlite: Any, *, has_volumes: bool, has_network: bool) -> Any:
    security = boxlite.SecurityOptions.standard()
    # BoxLite's filter kills its own process, and so the box, at system calls by which a guest uses a folder of the
    # host: `find` in a read-only one, `df`, a rename (0.10.8). Its namespaces confine it all the same.
    security.seccomp_enabled = not has_volumes
    capabilities = boxlite.ContainerCapabilities(**_CAPABILITIES[has_network])
    return boxlite.AdvancedBoxOptions(security=security, capabilities=capabilities)
