"""A workspace that nothing inside may change is a folder of the host, which the host goes on filling."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path, PurePosixPath

from claudebox_rl.errors import ConfigError, WorkspaceError, boundary
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.tasks import Task


def is_filled_before(policy: SecurityPolicy | None, task: Task | None) -> bool:
    """Say whether the workspace must be a folder of the host."""
    return policy is not None and policy.file_system == "readonly" and task is not None


def fill_workspace(stack: AsyncExitStack, task: Task, workspace: Path | None) -> Path:
    """Return the folder of the host that is to be filled with a task's files, once the machine stands.

    Not here: in a kept workspace lie links that an agent has made, which only the sandbox's own way does not follow.

    Args:
        stack: Removes a folder that was made here.
        task: The task.
        workspace: The session's; None: one is made.

    Raises:
        ConfigError: The task works elsewhere.
        WorkspaceError: It can't be made.
    """
    workdir = PurePosixPath(task.workdir or WORKSPACE)
    if not workdir.is_relative_to(WORKSPACE):
        raise ConfigError(
            f"security_policy.file_system=readonly: task {task.task_id} works in {workdir}, and only {WORKSPACE} can "
            "be kept from changes; use workspace_only",
            field="file_system",
        )
    with boundary(WorkspaceError, "can't make the workspace"):
        if workspace is None:
            workspace = Path(tempfile.mkdtemp(prefix="claudebox-readonly-"))
            stack.callback(shutil.rmtree, workspace, ignore_errors=True)
            workspace.chmod(0o755)
    return workspace
