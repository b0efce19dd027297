"""Where a task's work is judged, as far as its machine and what the task says of itself let it."""

from __future__ import annotations

from claudebox_rl.errors import TaskError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.tasks import Task, Verification


def verification_of(task: Task, sandbox: Sandbox) -> Verification:
    """Return it: in a clean room, unless the task says otherwise, or the work can't be carried there.

    It can't where the backend runs no programs (`fake`), and where nobody says where the work lies: in an image without
    `environment.workdir`.

    Raises:
        TaskError: The task wants a clean room, and the backend runs no programs.
    """
    able = sandbox.capabilities()
    if task.verification == "clean_room" and not able.shell:
        raise TaskError(
            f"task {task.task_id} is verified in a clean room, and sandbox={sandbox.name} runs no programs that could "
            "carry its work there; use sandbox=local or boxlite",
            task_id=task.task_id,
            field="metadata.claudebox.verification",
        )
    if task.verification is not None:
        return task.verification
    is_elsewhere = task.workdir is None and able.boots(task.image)
    return "clean_room" if able.shell and not is_elsewhere else "in_place"
