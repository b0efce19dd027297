"""Which tasks a command plays."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence

from claudebox_rl.checking import playable_here
from claudebox_rl.cli.untrusted import printable
from claudebox_rl.config import SandboxConfig
from claudebox_rl.tasks import Task, find_tasks, shipped_suites


def chosen_tasks(selector: Sequence[str], sandbox: SandboxConfig) -> tuple[list[Task], dict[str, str]]:
    """Return the tasks that a selector names; without one, all shipped tasks that can be played here.

    Returns:
        The tasks, and by their id why others are left out, which standard error is told too.

    Raises:
        TaskError: A selector names nothing, or a task folder is malformed.
        ConfigError: The sandbox is unknown.
        SandboxStartError: `auto` found no backend that runs here.
    """
    if selector:
        tasks = find_tasks(list(selector))
        tell_unread(tasks)
        return tasks, {}
    tasks, left_out = asyncio.run(playable_here(find_tasks(shipped_suites()), sandbox))
    for task_id, why in left_out.items():
        print(f"not played: {task_id}: {why}", file=sys.stderr)  # noqa: T201  # a log, not a screen
    return tasks, left_out


def tell_unread(tasks: Iterable[Task]) -> None:
    """Name on standard error the keys of task.toml that nobody reads."""
    for task in tasks:
        if task.unread:
            print(f"not read in task.toml of {task.task_id}: {printable(', '.join(task.unread))}", file=sys.stderr)  # noqa: T201  # a log, not a screen
