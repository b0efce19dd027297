"""Plays and judges a shipped task in a sandbox, where a script may do to its machine what it likes."""

from __future__ import annotations

from claudebox_rl.sandbox import Sandbox
from claudebox_rl.tasks import Task
from claudebox_rl.types import VerifierResult
from claudebox_rl.verifier import verify


async def play(sandbox: Sandbox, task: Task, script: str | None = None) -> VerifierResult:
    """Put the task's files in place, run a script in its working directory, and judge."""
    assert task.environment_files is not None
    assert task.workdir is not None
    await sandbox.copy_in(task.environment_files, task.workdir)
    if script is not None:
        await sandbox.copy_in(task.solution_dir, "/solution")
        await sandbox.write_file("/tmp/attempt.sh", script.encode())
        env = {"SOLUTION": f"{sandbox.root}/solution"}
        ran = await sandbox.exec(["bash", f"{sandbox.root}/tmp/attempt.sh"], cwd=task.workdir, timeout_s=30, env=env)
        assert ran.exit_code == 0, (ran.stdout + ran.stderr).decode()
    return await verify(sandbox, task)
