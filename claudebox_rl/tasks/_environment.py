"""Typed reading of tables like [environment]; what can't be is refused with a `TaskError`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from claudebox_rl.tasks._table import Table
from claudebox_rl.tasks.task import Network

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([GMK])", re.IGNORECASE)
_MIB = {"G": 1024.0, "M": 1.0, "K": 1 / 1024}
_NETWORKS: dict[str, Network] = {"no-network": "none", "allowlist": "restricted", "public": "full"}


def filled(table: Table, key: str) -> str | None:
    """Return a string that is not empty."""
    value = table.text(key)
    if value is not None and not value.strip():
        table.refuse(key, "is empty; leave it out instead")
    return value


def workdir_of(environment: Table) -> str | None:
    """Return where commands start."""
    workdir = environment.text("workdir")
    if workdir is not None and (not workdir.startswith("/") or ".." in PurePosixPath(workdir).parts):
        environment.refuse("workdir", f"must be an absolute path without '..', not {workdir!r}")
    return workdir


def memory_mib_of(environment: Table) -> int | None:
    """Return the memory that is asked for."""
    amount = environment.positive_integer("memory_mb")
    legacy = environment.text("memory")
    if legacy is None:
        return amount
    size = _SIZE.fullmatch(legacy.strip())
    mib = int(float(size[1]) * _MIB[size[2].upper()]) if size else 0
    if mib <= 0:
        environment.refuse("memory", f"must be a size like '512M' or '2G', not {legacy!r}")
    if amount not in (None, mib):
        environment.refuse("memory", f"says {mib} MiB, memory_mb says {amount}")
    return mib


def network_of(environment: Table) -> tuple[Network, tuple[str, ...]]:
    """Return the network of a table like [environment], and for `restricted` its hosts."""
    network, hosts = _network_policy(environment)
    if network is None:
        network = "none" if environment.flag("allow_internet") is False else "full"
    return network, hosts


def explicit_network(phase: Table) -> tuple[Network, tuple[str, ...]] | None:
    """Return what [agent] or [verifier] sets instead; None where it says nothing."""
    network, hosts = _network_policy(phase)
    return None if network is None else (network, hosts)


def _network_policy(table: Table) -> tuple[Network | None, tuple[str, ...]]:
    mode, hosts = table.text("network_mode"), table.texts("allowed_hosts") or ()
    if mode is not None and mode not in _NETWORKS:
        table.refuse("network_mode", f"must be one of {', '.join(_NETWORKS)}, not {mode!r}")
    if hosts and mode != "allowlist":
        table.refuse("allowed_hosts", "needs network_mode = 'allowlist'")
    for host in hosts:
        if "/" in host:
            table.refuse("allowed_hosts", f"has names and single addresses here, not {host!r}")
    return None if mode is None else _NETWORKS[mode], hosts
