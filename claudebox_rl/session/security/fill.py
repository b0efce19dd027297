"""A workspace that nothing inside may change is filled on the host, before its machine starts."""

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
    """Say whether a task's files must be there before the machine starts."""
    return policy is not None and policy.file_system == "readonly" and task is not None


def fill_workspace(stack: AsyncExitStack, task: Task, workspace: Path | None) -> Path:
    """Put a task's files into a folder of the host, and return it.

    Args:
        stack: Removes a folder that was made here.
        task: The task.
        workspace: The session's; None: one is made.

    Raises:
        ConfigError: The task works elsewhere.
        WorkspaceError: It can't be written.
    """
    workdir = PurePosixPath(task.workdir or WORKSPACE)
    if not workdir.is_relative_to(WORKSPACE):
        raise ConfigError(
            f"security_policy.file_system=readonly: task {task.task_id} works in {workdir}, and only {WORKSPACE} can "
            "be kept from changes; use workspace_only",
            field="file_system",
        )
    with boundary(WorkspaceError, "can't fill the workspace"):
        if workspace is None:
            workspace = Path(tempfile.mkdtemp(prefix="claudebox-readonly-"))
            stack.callback(shutil.rmtree, workspace, ignore_errors=True)
            workspace.chmod(0o755)
        target = workspace / workdir.relative_to(WORKSPACE)
        if task.environment_files is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            shutil.copytree(task.environment_files, target, symlinks=True, dirs_exist_ok=True)
    return workspace
