"""A stored final state, put into another machine that holds the task's files."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.final_state.content import pack_members, regular_files
from claudebox_rl.tasks import Task
from claudebox_rl.trajectory.workspace.diff import apply, sections
from claudebox_rl.trajectory.workspace.names import quoted, unquoted
from claudebox_rl.workspace_types import WorkspaceFile

ReadBlob = Callable[[str, int], bytes]
"""From SHA-256 and size to a content."""
_TIMEOUT_S = 120.0
_REMOVE = ("xargs", "-0", "-r", "rm", "-rf", "--")
_EXTRACT = ("tar", "-xpmf", "-", "--no-same-owner", "--numeric-owner")
"""Files get the present time: none is stored, and some tools take none before 1980."""


async def restore_state(
    sandbox: Sandbox, task: Task, diff: str, files: Sequence[WorkspaceFile], read_blob: ReadBlob
) -> None:
    """Make a workspace what it was at the end of an episode.

    Args:
        sandbox: Holds the task's files as an episode begins with them.
        task: The episode's, with the files that it had then.
        diff: The stored one.
        files: The stored manifest, nothing of which was left out.
        read_blob: Gives stored contents.

    Raises:
        TrajectoryError: The task's files are no longer those, or the stored state is damaged.
        SandboxError: The machine does not take it.
    """
    workdir = task.workdir or WORKSPACE
    archives = await asyncio.to_thread(_archives, task, diff, files, read_blob)
    gone = [unquoted(file.path) for file in files if file.kind not in ("folder", "archive")]
    if gone:
        await _run(sandbox, _REMOVE, b"".join(b"./" + path + b"\0" for path in gone), workdir)
    for archive in archives:
        await _run(sandbox, _EXTRACT, archive, workdir)


async def _run(sandbox: Sandbox, argv: Sequence[str], stdin: bytes, workdir: str) -> None:
    run = await sandbox.exec(argv, stdin=stdin, cwd=workdir, timeout_s=_TIMEOUT_S)
    if run.exit_code != 0:
        detail = (run.stderr + run.stdout)[-500:].decode("utf-8", "replace").strip()
        raise TrajectoryError(f"the stored final state can't be put in place: {detail or 'it took too long'}")


def _archives(task: Task, diff: str, files: Sequence[WorkspaceFile], read_blob: ReadBlob) -> list[bytes]:
    """Return the tars to extract: the stored ones, and one of everything else."""
    try:
        texts = _Texts(task, sections(diff))
        members = [_member(file, texts, read_blob) for file in files if file.kind not in ("deleted", "archive")]
    except ValueError as error:
        raise TrajectoryError(f"the stored diff is damaged: {error}") from error
    packed = [read_blob(file.sha256 or "", file.size) for file in files if file.kind == "archive"]
    return [*packed, pack_members(members)] if members else packed


def _member(file: WorkspaceFile, texts: _Texts, read_blob: ReadBlob) -> tuple[bytes, int, bytes | None, bytes]:
    path = unquoted(file.path)
    if file.kind in ("text", "blob"):
        content = texts.after(file) if file.kind == "text" else read_blob(file.sha256 or "", file.size)
        return path, file.mode, content, b""
    return path, file.mode, None, unquoted(file.target or "") if file.kind == "symlink" else b""


def final_texts(task: Task, diff: str, files: Sequence[WorkspaceFile]) -> dict[str, tuple[str | None, str | None]]:
    """Return the text files that changed, by path: as the task has them, and as they were left; None for no file.

    Raises:
        TrajectoryError: The task's files are not those that the episode began with.
    """
    try:
        texts = _Texts(task, sections(diff))
    except ValueError as error:
        raise TrajectoryError(f"the stored diff is damaged: {error}") from error
    found: dict[str, tuple[str | None, str | None]] = {}
    for file in files:
        if file.kind == "text":
            found[file.path] = texts.before(file.path), texts.after(file).decode()
        elif file.kind == "deleted" and (before := texts.before(file.path)) is not None:
            found[file.path] = before, None
    return found


class _Texts:
    """The final text of each file in a diff."""

    def __init__(self, task: Task, hunks: Mapping[str, str]) -> None:
        folder = task.environment_files
        self._task, self._hunks = task, hunks
        self._own = {quoted(path): file for path, file in regular_files(folder).items()} if folder else {}

    def before(self, path: str) -> str | None:
        """Return the task's own text; None where it has no such file, or one that is no text."""
        own = self._own.get(path)
        try:
            return own.read_bytes().decode() if own is not None else None
        except UnicodeDecodeError:
            return None

    def after(self, file: WorkspaceFile) -> bytes:
        """Return the final content.

        Raises:
            TrajectoryError: It can't be rebuilt.
        """
        try:
            content = apply(self._hunks[file.path], self.before(file.path) or "").encode()
        except (ValueError, KeyError):
            content = None
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            raise TrajectoryError(
                f"{file.path} can't be rebuilt: the files of task {self._task.task_id} are not those that the episode "
                "began with, or a secret was taken out of it",
                path=file.path,
            )
        return content
