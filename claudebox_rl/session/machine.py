"""From settings and a task to the one machine of a session."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError, TaskError
from claudebox_rl.sandbox import Mount, Sandbox, SandboxSpec, sandbox_class
from claudebox_rl.sandbox.auto import Choice, choose_sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.sandbox.spec import Network
from claudebox_rl.session.security.enforce import hosts_within, limited, make_secured, secured
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.session.skills.install import Ground
from claudebox_rl.session.templates.image import image_of
from claudebox_rl.tasks import Task, check_playable

log = logging.getLogger(__name__)
_NETWORKS = ("none", "restricted", "full")
_DEFAULT_SIZE: Mapping[str, Any] = {"cpus": 4, "memory_mib": 4096, "disk_mib": 8192}
"""Of a session without a task."""


async def make_sandbox(
    config: SandboxConfig,
    task: Task | None,
    mounts: tuple[Mount, ...],
    workspace: Path | None,
    env: Mapping[str, str] | None = None,
    policy: SecurityPolicy | None = None,
) -> Sandbox:
    """Choose the backend and make (not start) the sandbox.

    Args:
        config: The user's settings.
        task: Says which image, size and variables it needs.
        mounts: What the agent must see.
        workspace: Host folder to keep; None: a fresh one.
        env: Variables of every command, over the task's.
        policy: What the machine must enforce.

    Raises:
        ConfigError: The backend is unknown or can't enforce what was asked.
        TaskError: The task can't be played on that backend.
        SandboxStartError: `auto` found no backend that runs here.
    """
    choice = await choose(config, task)
    log.info("sandbox: %s (%s)", choice.name, choice.reason)
    backend = sandbox_class(choice.name)
    if task is not None:
        check_backend(task, backend, config.image)
    spec = make_spec(backend, config, task, mounts, workspace, env, policy)
    return make_secured(backend, spec, policy) if task is not None else _with_default_size(backend, spec, policy)


def _with_default_size(backend: type[Sandbox], spec: SandboxSpec, policy: SecurityPolicy | None) -> Sandbox:
    """Make a sandbox of the default size, as far as nothing else is said and the backend can hold it here."""
    able = backend.capabilities()
    added = {name: size for name, size in _DEFAULT_SIZE.items() if name in able.limits and getattr(spec, name) is None}
    while True:
        try:
            return make_secured(backend, replace(spec, **added), policy)
        except ConfigError as error:
            if error.context.get("field") not in added:
                raise
            del added[error.context["field"]]


async def choose(config: SandboxConfig, task: Task | None) -> Choice:
    """Return the backend's name, and in a few words why that one; only `auto` is a choice.

    Raises:
        SandboxStartError: `auto` found no backend that runs here.
    """
    if config.name != "auto":
        return Choice(config.name, "as configured")
    return await choose_sandbox(image=image_of(config) or (task.image if task else None))


def check_backend(task: Task, backend: type[Sandbox], image: str | None = None) -> None:
    """Refuse a task that a backend can't give what it needs.

    Args:
        task: The task.
        backend: Of its machine.
        image: What the settings name as the task's image.

    Raises:
        TaskError: Says what would help.
    """
    able = backend.capabilities()
    own = task.separate.image if task.separate else None
    check_playable(
        task,
        backend.name,
        images=able.boots(image or task.image),
        layouts="layout" in able.images,
        is_given=image is not None,
        networks=able.networks,
        users=able.users,
        verifier_image=own is None or able.boots(own),
    )


def make_spec(
    backend: type[Sandbox],
    config: SandboxConfig,
    task: Task | None,
    mounts: tuple[Mount, ...],
    workspace: Path | None,
    env: Mapping[str, str] | None = None,
    policy: SecurityPolicy | None = None,
) -> SandboxSpec:
    """Return what the machine shall be: the user's settings, and for the rest the task's.

    Raises:
        ConfigError: An unknown network mode, hosts that it has no place for, more than a policy gives, or a number out
            of range.
        TemplateError: The template is unknown or not built.
    """
    if config.max_starts is not None and config.max_starts < 1:
        raise ConfigError(f"sandbox.max_starts must be at least 1, not {config.max_starts}", field="max_starts")
    able = backend.capabilities()
    if policy is not None:
        config = limited(config, policy, task)
    network = _network(backend, config, task)
    image = chosen_image(backend, config, task)
    spec = SandboxSpec(
        workspace=workspace,
        image=image,
        workdir=task.workdir if task and image is not None else None,
        mounts=mounts,
        env={**(task.env if task else {}), **(env or {})},
        network=network,
        allowed_hosts=_allowed_hosts(network, config, task),
        # A task's size is what it was made on: a backend that can't hold it plays it all the same.
        cpus=config.cpus or (task.cpus if task and "cpus" in able.limits else None),
        memory_mib=config.memory_mib or (task.memory_mib if task and "memory_mib" in able.limits else None),
        disk_mib=config.disk_mib,
        max_processes=config.max_processes,
        start_timeout_s=config.start_timeout_s,
    )
    return spec if policy is None else secured(spec, policy, hosts_within(policy, config, task))


def chosen_image(backend: type[Sandbox], config: SandboxConfig, task: Task | None) -> str | None:
    """Return the image that the machine boots; None: the backend's default.

    Raises:
        ConfigError: `image` and `template` are both given.
        TemplateError: The template is unknown or not built.
    """
    return image_of(config) or (task.image if task and backend.capabilities().boots(task.image) else None)


async def ground(config: SandboxConfig, task: Task | None) -> Ground:
    """Return what a session's skills are installed upon.

    Raises:
        ConfigError: The backend is unknown.
        SandboxStartError: `auto` found no backend that runs here.
    """
    backend = sandbox_class((await choose(config, task)).name)
    return Ground(backend, chosen_image(backend, config, task), config.memory_mib, config.start_timeout_s)


def _network(backend: type[Sandbox], config: SandboxConfig, task: Task | None) -> Network:
    if config.network is not None:
        if config.network not in _NETWORKS:
            raise ConfigError(f"sandbox.network must be one of {', '.join(_NETWORKS)}, not {config.network!r}")
        return config.network
    if backend.capabilities().isolation == "none":
        return "full"  # it was chosen by name: nothing is closed there
    return task.network if task else "none"


def _allowed_hosts(network: Network, config: SandboxConfig, task: Task | None) -> tuple[str, ...]:
    if network != "restricted":
        if config.allowed_hosts:
            raise ConfigError("sandbox.allowed_hosts needs sandbox.network=restricted", field="allowed_hosts")
        return ()
    return tuple(config.allowed_hosts) or (task.allowed_hosts if task else ())


async def prepare_workdir(sandbox: Sandbox, task: Task | None) -> None:
    """Put the task's files into its working directory.

    Raises:
        TaskError: The working directory can't be made here.
    """
    if task is None:
        return
    workdir = task.workdir or WORKSPACE
    if sandbox.spec.read_only_workspace:
        with tempfile.TemporaryDirectory() as empty:
            await sandbox.copy_in(Path(empty), workdir)
    elif sandbox.capabilities().shell and workdir != WORKSPACE:
        made = await sandbox.exec(["mkdir", "-p", sandbox.root + workdir], timeout_s=60, cwd="/tmp")
        if made.exit_code != 0:
            raise TaskError(
                f"task {task.task_id}: workdir {workdir} can't be made in sandbox={sandbox.name}; "
                f"only folders below {WORKSPACE} are writable there, or use sandbox=boxlite",
                task_id=task.task_id,
            )
    if task.environment_files is not None:
        await sandbox.copy_in(task.environment_files, workdir)
