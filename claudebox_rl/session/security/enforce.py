"""From a security policy to the machine that holds a session to it, or to why there is none."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, NoReturn

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Sandbox, SandboxSpec
from claudebox_rl.sandbox._egress.hosts import covers
from claudebox_rl.sandbox.spec import Network
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.tasks import Task

_OPENNESS = {"none": 0, "restricted": 1, "full": 2}
_MIB_OF_GB = 1024
_NOBODY = "nobody"
_HOME = "/home/agent"
_FIELDS = {
    "network": "network_access",
    "allowed_hosts": "allowed_domains",
    "blocked_hosts": "blocked_domains",
    "read_only_workspace": "file_system",
    "memory_mib": "max_memory_mb",
    "cpus": "max_cpu_percent",
    "disk_mib": "max_disk_usage_gb",
    "user": "allow_root",
}
"""Of a spec, and where a policy says it."""


def limited(config: SandboxConfig, policy: SecurityPolicy, task: Task | None) -> SandboxConfig:
    """Return a sandbox's settings as far as a policy lets them be.

    What a user set must fit into the policy; what the task needs, and what nobody said, is cut to it.

    Raises:
        ConfigError: What a user set is more than the policy gives.
    """
    network = config.network or (task.network if task else policy.network_access)
    if _openness(network) > _OPENNESS[policy.network_access]:
        if config.network is not None:
            _contradict("network", config.network, "network_access", policy.network_access)
        network = policy.network_access
    most_cpus = None if policy.max_cpu_percent is None else policy.max_cpu_percent / 100
    most_disk = None if policy.max_disk_usage_gb is None else policy.max_disk_usage_gb * _MIB_OF_GB
    return replace(
        config,
        network=network,
        cpus=_least("cpus", config.cpus, task and task.cpus, most_cpus, policy),
        memory_mib=_least("memory_mib", config.memory_mib, task and task.memory_mib, policy.max_memory_mb, policy),
        disk_mib=_least("disk_mib", config.disk_mib, None, most_disk, policy),
    )


def hosts_within(policy: SecurityPolicy, config: SandboxConfig, task: Task | None) -> tuple[str, ...]:
    """Return the hosts that a restricted network reaches: what was asked for, within what the policy allows.

    Raises:
        ConfigError: A user asked for a host that the policy does not allow.
    """
    own = tuple(config.allowed_hosts) or (task.allowed_hosts if task and task.network == "restricted" else ())
    within = policy.allowed_hosts
    if not within or not own:
        return own or within
    beyond = [host for host in own if not covers(within, host)]
    if beyond and config.allowed_hosts:
        _contradict("allowed_hosts", ", ".join(beyond), "allowed_domains", list(policy.allowed_domains))
    return tuple(host for host in own if host not in beyond)


def secured(spec: SandboxSpec, policy: SecurityPolicy, hosts: tuple[str, ...]) -> SandboxSpec:
    """Return the spec of a machine that enforces a policy."""
    return replace(
        spec,
        allowed_hosts=hosts if spec.network == "restricted" else (),
        blocked_hosts=policy.blocked_hosts,
        read_only_workspace=policy.file_system == "readonly",
    )


def make_secured(backend: type[Sandbox], spec: SandboxSpec, policy: SecurityPolicy | None) -> Sandbox:
    """Make (not start) the sandbox.

    Raises:
        ConfigError: The backend can't enforce the spec; where the policy asked for it, it names the policy's field.
    """
    if policy is None:
        return backend(spec)
    _check_isolation(backend, policy)
    try:
        made = backend(spec)
        if policy.allow_root or not backend.capabilities().users or made.spec.user not in (None, "root", "0"):
            return made
        return backend(replace(spec, user=_NOBODY, env={"HOME": _HOME, **spec.env}))
    except ConfigError as error:
        field = _FIELDS.get(str(error.context.get("field")))
        if field is None or getattr(policy, field) in (None, ()):
            raise
        value = getattr(policy, field)
        raise ConfigError(f"security_policy.{field}={value}: {error.message}", field=field) from error


def prompt_limit(policy: SecurityPolicy | None, timeout_s: float | None, otherwise_s: float | None) -> float | None:
    """Return how long a prompt may take.

    Args:
        policy: Its limit holds in any case.
        timeout_s: Asked for.
        otherwise_s: Where nothing was asked for, if there is one.
    """
    most = policy.max_execution_time_s if policy else None
    if most is None:
        return timeout_s
    asked = timeout_s or otherwise_s
    return most if asked is None else min(asked, most)


def _check_isolation(backend: type[Sandbox], policy: SecurityPolicy) -> None:
    if backend.capabilities().isolation != "none":
        return
    unheld: dict[str, bool] = {
        "network_access": policy.network_access != "full",
        "file_system": policy.file_system != "full",
        "allow_sudo": not policy.allow_sudo,
        "allow_root": not policy.allow_root and os.geteuid() == 0,
    }
    for field, is_asked in unheld.items():
        if is_asked:
            raise ConfigError(
                f"security_policy.{field}={getattr(policy, field)}: sandbox={backend.name} isolates nothing; use "
                "sandbox=local or sandbox=boxlite",
                field=field,
            )


def _openness(network: Network | str) -> int:
    return _OPENNESS.get(network, 0)  # an unknown one is refused with the other settings


def _least(name: str, asked: Any, needed: Any, most: Any, policy: SecurityPolicy) -> Any:
    if most is None:
        return asked
    if asked is None:
        return most if needed is None else min(needed, most)
    if asked > most:
        _contradict(name, asked, _FIELDS[name], getattr(policy, _FIELDS[name]))
    return asked


def _contradict(name: str, asked: Any, field: str, most: Any) -> NoReturn:
    raise ConfigError(
        f"sandbox.{name}={asked} is more than security_policy.{field}={most} gives: change one of them", field=field
    )
