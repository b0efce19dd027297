"""`claudebox-rl tasks list`: what can be played."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.tasks.chosen import tell_unread
from claudebox_rl.tasks import find_tasks, shipped_suites


def list_tasks(selector: list[str], *, console: Console) -> None:
    """Print the tasks that a selector names, one a row; without one, all that are shipped.

    Raises:
        TaskError: A selector names nothing, or a task folder is malformed.
    """
    table = Table("task", "what it asks", "image", box=None, header_style="bold")
    tasks = find_tasks(selector or shipped_suites())
    for task in tasks:
        table.add_row(
            Text(task.task_id), Text(task.description or task.instruction.splitlines()[0]), Text(task.image or "-")
        )
    console.print(table)
    tell_unread(tasks)
