"""Which of many tasks this machine can play."""

from __future__ import annotations

from collections.abc import Sequence

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import TaskError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.session.machine import check_backend, choose
from claudebox_rl.session.task_image import with_task_image
from claudebox_rl.tasks import Task


async def playable_here(tasks: Sequence[Task], sandbox: SandboxConfig) -> tuple[list[Task], dict[str, str]]:
    """Tell tasks that can be played here from those that can't, such as for a program that this host lacks.

    Returns:
        The tasks to play, and by their id why the others can't be.

    Raises:
        ConfigError: The sandbox is unknown.
        SandboxStartError: `auto` found no backend that runs here.
    """
    backend = sandbox_class((await choose(*with_task_image(sandbox, tasks[0] if tasks else None))).name)
    played, left_out = list[Task](), dict[str, str]()
    for task in tasks:
        config, placed = with_task_image(sandbox, task)
        assert placed is not None
        try:
            check_backend(placed, backend, config.image)
        except TaskError as error:
            left_out[task.task_id] = str(error)
        else:
            played.append(task)
    return played, left_out
