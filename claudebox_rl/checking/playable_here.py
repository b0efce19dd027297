"""Which of many tasks this machine can play."""

from __future__ import annotations

from collections.abc import Sequence

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import TaskError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.session.machine import check_backend, choose
from claudebox_rl.tasks import Task


async def playable_here(tasks: Sequence[Task], sandbox: SandboxConfig) -> tuple[list[Task], dict[str, str]]:
    """Tell tasks that can be played here from those that can't, such as for a program that this host lacks.

    Returns:
        The tasks to play, and by their id why the others can't be.

    Raises:
        ConfigError: The sandbox is unknown.
        SandboxStartError: `auto` found no backend that runs here.
    """
    choice = await choose(sandbox, tasks[0] if tasks else None)
    backend = sandbox_class(choice.name)
    played, left_out = list[Task](), dict[str, str]()
    for task in tasks:
        try:
            check_backend(task, backend)
        except TaskError as error:
            left_out[task.task_id] = str(error)
        else:
            played.append(task)
    return played, left_out
