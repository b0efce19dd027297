"""Where a task's work is judged, as far as its machine and what the task says of itself let it."""

from __future__ import annotations

from typing import NoReturn

from claudebox_rl.errors import TaskError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.tasks import Task, Verification


def verification_of(task: Task, sandbox: Sandbox) -> Verification:
    """Return it: in a clean room, unless the task says otherwise, or the work can't be carried there.

    It can't where the backend runs no programs (`fake`), and where nobody says where the work lies: in an image of a
    registry without `environment.workdir`.

    Raises:
        TaskError: The task needs a clean room, and can't have one.
    """
    able = sandbox.capabilities()
    mode = task.verification or ("in_place" if task.is_shared else None)
    if mode is None:
        own_image = able.boots(task.image) or (task.has_dockerfile and sandbox.spec.image is not None)
        is_elsewhere = task.workdir is None and own_image and task.separate is None
        mode = "clean_room" if able.shell and not is_elsewhere else "in_place"
    if mode == "clean_room" and not able.shell:
        _refuse(
            task, f"needs a clean room, and sandbox={sandbox.name} runs no programs that could carry its work there"
        )
    if mode == "in_place" and task.separate is not None:
        _refuse(task, "has a separate verifier, which is not judged in place")
    own = (task.verifier_network, task.verifier_allowed_hosts)
    if mode == "in_place" and own not in ((None, ()), (task.network, task.allowed_hosts)):
        _refuse(task, "gives its verifier another network than its agent, and is judged in the agent's machine")
    return mode


def _refuse(task: Task, problem: str) -> NoReturn:
    raise TaskError(
        f"task {task.task_id} {problem}; see [metadata.claudebox] verification in its task.toml, and sandbox",
        task_id=task.task_id,
        field="metadata.claudebox.verification",
    )
