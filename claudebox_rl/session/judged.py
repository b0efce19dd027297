"""Sessions whose work is judged: by their task's verifier, at its checkpoints and at the end."""

from __future__ import annotations

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.final_state.capture import Snapshot
from claudebox_rl.session.observed import Observed
from claudebox_rl.session.verification.judging import Judging
from claudebox_rl.tasks import Task
from claudebox_rl.types import VerifierResult


class Judged(Observed):
    """Base of `ClaudeBox`: what asks for verdicts."""

    task: Task | None

    def expect_verdict(self) -> None:
        """Have the clean room of `verify` made ready meanwhile; it ends with the verdict, or with the session."""
        if (judging := self._open_now.judging) is not None:
            judging.expect()

    async def snapshot(self) -> Snapshot | None:
        """End the agent's processes and read what it left in the workspace; None where that can't be seen.

        Raises:
            VerifierError: It can't be seen, and can't be judged without.
            SandboxUnavailableError: The machine died.
        """
        await self._open_now.agent.stop()
        return await self._open_now.judging.snapshot() if self._open_now.judging else None

    async def verify(self, snapshot: Snapshot | None = None) -> VerifierResult:
        """End the agent's processes and let the task's verifier judge what is there.

        It judges in a clean room: a fresh machine that gets the task's files, what the agent changed in the workspace,
        and then the tests. Tasks that can't be judged so are judged in place (`verification` says where).

        Args:
            snapshot: What the agent left, where that was read before.

        Raises:
            ConfigError: The session has no task.
            VerifierError: The verifier gave no verdict, or the machine did not let its files be read.
            SandboxStartError: The room did not start.
            SandboxUnavailableError: A machine died.
        """
        judging = self._judging()
        judging.expect()
        await self._open_now.agent.stop()
        return await judging.verdict(snapshot)

    async def judge_checkpoint(self) -> VerifierResult:
        """Let the verifier of the task's present checkpoint judge what is there; the agent can go on afterwards.

        Raises:
            ConfigError: The session has no task.
            VerifierError, SandboxStartError, SandboxUnavailableError: As `verify`.
        """
        return await self._judging().verdict()

    async def begin_checkpoint(self, task: Task) -> None:
        """Put the files of the task's next checkpoint in place, by which is judged from now on.

        Args:
            task: What `task.next_checkpoint()` gave.

        Raises:
            SandboxError: The machine does not take the files.
        """
        if task.checkpoint_files is not None:
            await self._open_now.sandbox.copy_in(task.checkpoint_files, task.workdir or WORKSPACE)
        self._judging().move_to(task)
        self.task = task

    def _judging(self) -> Judging:
        if self._open_now.judging is None:
            raise ConfigError("there is nothing to verify: the session was opened without a task")
        return self._open_now.judging
