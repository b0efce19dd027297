"""A clean room: a fresh machine with the task's files, where no agent ever was. For one verdict."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from claudebox_rl.sandbox import Sandbox, SandboxSpec
from claudebox_rl.sandbox.spec import Network
from claudebox_rl.session.machine import prepare_workdir
from claudebox_rl.session.starts import turn_to_start
from claudebox_rl.tasks import Task

_OPENNESS: dict[Network, int] = {"none": 0, "restricted": 1, "full": 2}


class CleanRoom:
    """Starts in the background as soon as it is made, inside a running event loop; whoever makes it closes it.

    Args:
        sandbox: The agent's: the room is as it was made, without what it shares with the host or the world.
        task: Its files are put in.
        most_open: Network that it may have at most; None: as the task says.
        max_starts: As `SandboxConfig.max_starts`.

    Raises:
        ConfigError: The backend can't enforce that.
    """

    def __init__(self, sandbox: Sandbox, task: Task, most_open: Network | None, max_starts: int | None) -> None:
        self._sandbox = type(sandbox)(room_spec(sandbox, task, most_open))
        self._starting = asyncio.create_task(self._start(task, max_starts))

    async def _start(self, task: Task, max_starts: int | None) -> None:
        async with turn_to_start(max_starts):
            await self._sandbox.start()
        if task.separate is None or task.separate.image is None:
            await prepare_workdir(self._sandbox, task)

    async def ready(self) -> Sandbox:
        """Return the machine once it stands with the task's files.

        Raises:
            SandboxStartError: It did not start.
            SandboxError: It does not take the files.
        """
        await asyncio.shield(self._starting)
        return self._sandbox

    async def close(self) -> None:
        """End the machine, also one that is on its way. Idempotent."""
        self._starting.cancel()
        await asyncio.wait({self._starting})
        if not self._starting.cancelled():
            self._starting.exception()  # whoever waited for it has heard of it
        await self._sandbox.stop()


def room_spec(sandbox: Sandbox, task: Task, most_open: Network | None = None) -> SandboxSpec:
    """Return what a task's clean room is made of: as the agent's machine, without what the agent could change.

    It has no network, unless the task gives its verifier one.

    Args:
        sandbox: The agent's.
        task: Says what differs.
        most_open: Network that it may have at most; None: as the task says.
    """
    spec, able = sandbox.spec, sandbox.capabilities()
    network, hosts = _network(spec, task, most_open)
    if network not in able.networks:
        network = spec.network  # `unsafe` has but one
    return replace(
        spec,
        workspace=None,
        mounts=tuple(mount for mount in spec.mounts if mount.read_only),
        secrets=(),
        network=network,
        allowed_hosts=hosts if network == "restricted" else (),
        blocked_hosts=spec.blocked_hosts if network in able.blocks_hosts else (),
        read_only_workspace=False,
        **_separate(sandbox, task),
    )


def _network(spec: SandboxSpec, task: Task, most_open: Network | None) -> tuple[Network, tuple[str, ...]]:
    if task.verifier_network is not None:
        wanted, hosts = task.verifier_network, task.verifier_allowed_hosts
    elif task.separate is not None:
        wanted, hosts = task.separate.network, task.separate.allowed_hosts
    elif task.network == "none":
        return "none", ()
    else:
        wanted, hosts = spec.network, spec.allowed_hosts
    if most_open is None or _OPENNESS[wanted] <= _OPENNESS[most_open]:
        return wanted, hosts
    return most_open, spec.allowed_hosts


def _separate(sandbox: Sandbox, task: Task) -> dict[str, Any]:
    """Return what a machine of the verifier's own has instead of the agent's."""
    own, able = task.separate, sandbox.capabilities()
    if own is None:
        return {}
    given = {
        "image": own.image if able.boots(own.image) else None,
        "cpus": own.cpus if "cpus" in able.limits else None,
        "memory_mib": own.memory_mib if "memory_mib" in able.limits else None,
    }
    return {"env": own.env} | {name: value for name, value in given.items() if value is not None}
