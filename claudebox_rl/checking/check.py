"""Every player on every task, several at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from claudebox_rl.checking.play import Play, play
from claudebox_rl.checking.player import Player
from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.session.preflight import preflight
from claudebox_rl.tasks import Task

_PATIENCE_S = 5.0
"""After so long a play gives its turn away: most likely it waits for the end of code that sleeps."""
_MACHINES_PER_CPU = 8

Plan = Sequence[tuple[Task, Sequence[Player]]]


async def check_tasks(plan: Plan, sandbox: SandboxConfig, on_play: Callable[[Play], None]) -> list[Play]:
    """Play, as many at once as there are processors.

    Args:
        plan: Tasks with who plays them.
        sandbox: Which machines.
        on_play: Told of each play when it has ended.

    Returns:
        All plays, in the order of the plan.

    Raises:
        ConfigError: The sandbox does not isolate: cheats would play with this host.
        TaskError: A task can't be played on that sandbox.
        SandboxStartError: `auto` found no backend that runs here.
        asyncio.CancelledError: After all machines were ended.
    """
    sandbox = await _isolating(sandbox, [task for task, _ in plan])
    num_cpus = os.cpu_count() or 1
    turns, machines = asyncio.Semaphore(num_cpus), asyncio.Semaphore(num_cpus * _MACHINES_PER_CPU)

    async def take(task: Task, player: Player) -> Play:
        async with machines:
            async with turns:
                playing = group.create_task(play(task, player, sandbox))
                await asyncio.wait([playing], timeout=_PATIENCE_S)
            played = await playing
        on_play(played)
        return played

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(take(task, player)) for task, players in plan for player in players]
    return [one.result() for one in running]


async def _isolating(sandbox: SandboxConfig, tasks: Sequence[Task]) -> SandboxConfig:
    choice = await preflight(sandbox, ModelConfig("nop"), AgentConfig("nop"), tasks)
    if sandbox_class(choice.name).capabilities().isolation not in ("microvm", "namespace"):
        raise ConfigError(
            f"sandbox={choice.name} isolates nothing, and cheats kill processes: use local or boxlite",
            field="sandbox",
        )
    return replace(sandbox, name=choice.name)
