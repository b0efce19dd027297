"""A stored final state as what is put into another machine, and as texts."""

from __future__ import annotations

import asyncio
import hashlib
import tarfile
from collections.abc import Callable, Mapping, Sequence

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.session.final_state.content import regular_files
from claudebox_rl.session.final_state.members import Member, unpack_members
from claudebox_rl.tasks import Task
from claudebox_rl.trajectory.workspace.diff import apply, sections
from claudebox_rl.trajectory.workspace.names import quoted, unquoted
from claudebox_rl.workspace_types import WorkspaceFile

ReadBlob = Callable[[str, int], bytes]
"""From SHA-256 and size to a content."""
Final = tuple[list[bytes], list[Member]]
"""The paths that are no longer there, and what is there instead of what the task has."""


async def stored_state(task: Task, diff: str, files: Sequence[WorkspaceFile], read_blob: ReadBlob) -> Final:
    """Return a stored state, in the form that `put` takes.

    Args:
        task: The episode's, with the files that it had then.
        diff: The stored one.
        files: The stored manifest, nothing of which was left out.
        read_blob: Gives stored contents.

    Raises:
        TrajectoryError: The task's files are no longer those, or the stored state is damaged.
    """
    return await asyncio.to_thread(_final, task, diff, files, read_blob)


def _final(task: Task, diff: str, files: Sequence[WorkspaceFile], read_blob: ReadBlob) -> Final:
    try:
        texts = _Texts(task, sections(diff))
        members = [each for file in files for each in _members(file, texts, read_blob)]
    except (ValueError, tarfile.TarError) as error:
        raise TrajectoryError(f"the stored final state is damaged: {error}") from error
    gone = [unquoted(file.path) for file in files if file.kind == "deleted"]
    return gone, sorted(members, key=lambda member: member.path)


def _members(file: WorkspaceFile, texts: _Texts, read_blob: ReadBlob) -> list[Member]:
    path = unquoted(file.path)
    match file.kind:
        case "text":
            return [Member(path, file.mode, texts.after(file))]
        case "blob":
            return [Member(path, file.mode, read_blob(file.sha256 or "", file.size))]
        case "archive":
            return list(unpack_members(read_blob(file.sha256 or "", file.size)))
        case "symlink":
            return [Member(path, file.mode, target=unquoted(file.target or ""))]
        case "folder":
            return [Member(path, file.mode)]
        case _:
            return []


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
