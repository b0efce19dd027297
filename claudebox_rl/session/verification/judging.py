"""From what an agent left to a verdict on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace

from claudebox_rl.errors import SandboxError, SandboxUnavailableError, TaskError, VerifierError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.sandbox.spec import Network
from claudebox_rl.session.final_state.capture import Base, Snapshot, begin_state, take_snapshot
from claudebox_rl.session.final_state.listing import Listing, list_files, open_workdir
from claudebox_rl.session.final_state.members import Member
from claudebox_rl.session.final_state.put import put
from claudebox_rl.session.verification.artifacts import Taken, collect, put_artifacts, take_artifacts
from claudebox_rl.session.verification.mode import verification_of
from claudebox_rl.session.verification.room import CleanRoom
from claudebox_rl.session.verification.uncounted import counted
from claudebox_rl.tasks import Task, Verification
from claudebox_rl.types import VerifierResult
from claudebox_rl.verifier import verify

log = logging.getLogger(__name__)
_SHOWN = 5


class Judging:
    """Judges the final state of one session.

    Args:
        sandbox: The agent's.
        task: Its verifier judges.
        mode: Where.
        base: The workspace before the agent's work; None where that can't be seen, in place only.
        most_open: As for `CleanRoom`.
        max_starts: As `SandboxConfig.max_starts`.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        task: Task,
        mode: Verification,
        base: Base | None,
        most_open: Network | None = None,
        max_starts: int | None = None,
    ) -> None:
        self.mode: Verification = mode
        self.base = base
        self._sandbox, self._task, self._max_starts = sandbox, task, max_starts
        self._most_open: Network | None = most_open
        self._workdir = task.workdir or WORKSPACE
        self._room: CleanRoom | None = None

    def of_fork(self, sandbox: Sandbox) -> Judging:
        """Return it for a session on a fork of this one's machine."""
        base = self.base and self.base.of_fork()
        return Judging(sandbox, self._task, self.mode, base, self._most_open, self._max_starts)

    def move_to(self, task: Task) -> None:
        """Judge what comes by this task, which is the session's at a later checkpoint."""
        self._task = task

    def expect(self) -> None:
        """Have a clean room made ready in the background, where one will be needed; `close` ends it."""
        if self.mode == "clean_room" and self._room is None:
            self._room = CleanRoom(self._sandbox, self._task, self._most_open, self._max_starts)

    async def snapshot(self) -> Snapshot | None:
        """Read what the agent left, after its end and the task's collect commands.

        None where nobody saw what was there before it, which is judged in place alone.

        Raises:
            VerifierError: The machine is too slow to be read, and its files are to be carried to a clean room.
            SandboxUnavailableError: The machine is gone.
        """
        await self._collect()
        if self.base is None:
            return None
        try:
            return await take_snapshot(self._sandbox, self.base)
        except SandboxUnavailableError:
            raise
        except SandboxError as error:
            if self.mode == "clean_room":
                raise self._failed(f"what the agent left can't be seen: {error}") from error
            log.warning("the final state of this episode is not stored: %s", error)
            return None

    async def _collect(self) -> None:
        await open_workdir(self._sandbox, self._workdir)
        await collect(self._sandbox, self._task.collect, self._workdir)

    async def verdict(self, snapshot: Snapshot | None = None) -> VerifierResult:
        """Judge what the agent left, after its end.

        Args:
            snapshot: Taken before; None: it is taken now, where it is needed.

        Raises:
            VerifierError: No verdict.
            SandboxStartError: No room started.
            SandboxUnavailableError: A machine is gone.
        """
        if self.mode == "in_place":
            if snapshot is None:
                await self._collect()
            return await verify(self._sandbox, self._task)
        self.expect()
        try:
            return await self._in_room(snapshot or await self.snapshot())
        finally:
            await asyncio.shield(self.close())

    async def _in_room(self, taken: Snapshot | None) -> VerifierResult:
        assert taken is not None
        assert self._room is not None
        artifacts = await self._artifacts()
        if self._task.separate is not None:
            room = await self._room.ready()
            return await judge_artifacts(room, self._task, artifacts)
        room = await self._room.ready()
        own, gone = await self._own_and_gone(room, taken)
        verdict = await judge_state(room, self._task, own, gone, taken.members(), artifacts)
        return replace(verdict, num_left_out=self._told(taken.left_out()))

    async def _own_and_gone(self, room: Sandbox, taken: Snapshot) -> tuple[Collection[bytes], Iterable[bytes]]:
        """Return the task's own paths, and those of them that are no longer there."""
        if taken.base.is_known:
            return taken.base.listing.entries, taken.gone
        listing = await list_files(room, self._workdir)
        own = listing.entries if listing else {}
        return own, own.keys() - taken.now.entries.keys()

    def _told(self, left_out: Sequence[bytes]) -> int:
        if left_out:
            named = ", ".join(path.decode("utf-8", "backslashreplace")[:200] for path in left_out[:_SHOWN])
            log.warning("%s: %d changed paths were not judged whole: %s", self._task.task_id, len(left_out), named)
        return len(left_out)

    async def _artifacts(self) -> list[Taken]:
        task = self._task
        try:
            return await take_artifacts(self._sandbox, task.artifacts if task.separate else task.artifacts_elsewhere)
        except SandboxUnavailableError:
            raise
        except SandboxError as error:
            raise self._failed(str(error)) from error

    async def close(self) -> None:
        """End a room that is left. Idempotent."""
        room, self._room = self._room, None
        if room is not None:
            await room.close()

    def _failed(self, problem: str) -> VerifierError:
        return VerifierError(f"verifier of {self._task.task_id}: {problem}", task_id=self._task.task_id)


async def begin_judging(
    sandbox: Sandbox, task: Task, *, is_fresh: bool, most_open: Network | None, max_starts: int | None
) -> Judging:
    """Note what is in the workspace before the agent works.

    Args:
        sandbox: Holds the task's files.
        task: The session's.
        is_fresh: No agent has worked in this workspace before.
        most_open: As for `CleanRoom`.
        max_starts: As `SandboxConfig.max_starts`.

    Raises:
        TaskError: It is to be judged in a clean room, and what changes can't be seen in this machine.
    """
    mode = verification_of(task, sandbox)
    workdir = task.workdir or WORKSPACE
    unknown = Base(Listing({}), workdir, task.environment_files, is_known=False)
    base = await begin_state(sandbox, task) if is_fresh else unknown
    if base is None and mode == "clean_room":
        raise TaskError(
            f"task {task.task_id} can't be verified in a clean room: the files of {workdir} can't be listed in its "
            "machine, which needs find and tar of GNU; add them to its image, or set verification = 'in_place' in "
            "[metadata.claudebox]",
            task_id=task.task_id,
            field="metadata.claudebox.verification",
        )
    return Judging(sandbox, task, mode, base, most_open, max_starts)


async def judge_state(
    sandbox: Sandbox,
    task: Task,
    own: Collection[bytes],
    gone: Iterable[bytes],
    members: Sequence[Member],
    artifacts: Iterable[Taken] = (),
) -> VerifierResult:
    """Judge a final state in a machine where no agent ever was.

    Args:
        sandbox: Holds the task's files.
        task: Its verifier judges.
        own: The paths of its files.
        gone: Those of them that are no longer there.
        members: What is new or changed.
        artifacts: What else is carried.

    Raises:
        VerifierError: No verdict, or the state can't be put in place.
        SandboxUnavailableError: The machine is gone.
    """
    if not task.agent_tests:
        gone, members, dropped = counted(gone, members, own)
        if dropped:
            log.info(
                "%s: the agent's changes to %d tests don't count: %s", task.task_id, len(dropped), dropped[:_SHOWN]
            )
    with _placing(task):
        await put(sandbox, task.workdir or WORKSPACE, gone, members)
        await put_artifacts(sandbox, artifacts)
    return await verify(sandbox, task, is_clean=True)


async def judge_artifacts(sandbox: Sandbox, task: Task, artifacts: Iterable[Taken]) -> VerifierResult:
    """Judge what a task's separate verifier gets, in its machine.

    Raises:
        VerifierError: No verdict, or an artifact can't be put in place.
        SandboxUnavailableError: The machine is gone.
    """
    assert task.separate is not None
    with _placing(task):
        await put_artifacts(sandbox, artifacts)
    has_tests = sandbox.capabilities().boots(task.separate.image) and await _holds_tests(sandbox)
    return await verify(sandbox, task, is_clean=True, has_tests=has_tests, workdir=task.separate.workdir)


async def _holds_tests(sandbox: Sandbox) -> bool:
    """Say whether its image's tests are seen: `local` has a /tests of its own, where the task's are put."""
    return (await sandbox.exec(["test", "-f", f"{sandbox.root}/tests/test.sh"], timeout_s=60)).exit_code == 0


@contextmanager
def _placing(task: Task) -> Generator[None]:
    try:
        yield
    except SandboxUnavailableError:
        raise
    except (SandboxError, ValueError) as error:
        raise VerifierError(f"verifier of {task.task_id}: {error}", task_id=task.task_id) from error
