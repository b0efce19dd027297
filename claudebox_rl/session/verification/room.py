"""A clean room: a fresh machine with the task's files, where no agent ever was. For one verdict."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from claudebox_rl.sandbox import Sandbox, SandboxSpec
from claudebox_rl.session.machine import prepare_workdir
from claudebox_rl.session.starts import turn_to_start
from claudebox_rl.tasks import Task


class CleanRoom:
    """Starts in the background as soon as it is made, inside a running event loop; whoever makes it closes it.

    Args:
        sandbox: The agent's: the room is as it was made, without what it shares with the host or the world.
        task: Its files are put in.
        max_starts: As `SandboxConfig.max_starts`.

    Raises:
        ConfigError: The backend can't enforce that.
    """

    def __init__(self, sandbox: Sandbox, task: Task, max_starts: int | None) -> None:
        self._sandbox = type(sandbox)(room_spec(sandbox, task))
        self._starting = asyncio.create_task(self._start(task, max_starts))

    async def _start(self, task: Task, max_starts: int | None) -> None:
        async with turn_to_start(max_starts):
            await self._sandbox.start()
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


def room_spec(sandbox: Sandbox, task: Task) -> SandboxSpec:
    """Return what a task's clean room is made of: as the agent's machine, without what the agent could change.

    It has no network, unless the task has one.
    """
    spec, able = sandbox.spec, sandbox.capabilities()
    network = spec.network if task.network != "none" or "none" not in able.networks else "none"
    return replace(
        spec,
        workspace=None,
        mounts=tuple(mount for mount in spec.mounts if mount.read_only),
        secrets=(),
        network=network,
        allowed_hosts=spec.allowed_hosts if network == spec.network else (),
        blocked_hosts=spec.blocked_hosts if network == spec.network else (),
        read_only_workspace=False,
    )
