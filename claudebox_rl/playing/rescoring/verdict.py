"""The verdict on a stored final state: a fresh machine with the task's files, the state on top, and the verifier."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.box import ClaudeBox
from claudebox_rl.session.changes import SKIPPED_FOLDERS
from claudebox_rl.session.final_state.listing import list_files
from claudebox_rl.session.final_state.restore import final_texts, stored_state
from claudebox_rl.session.verification.judging import judge_state
from claudebox_rl.tasks import Task
from claudebox_rl.trajectory import Dataset
from claudebox_rl.types import Changes, Episode, FileChange, VerifierResult


def missing_state(episode: Episode) -> str | None:
    """Say why the final state can't be had again; None where it can."""
    if episode.workspace_files is None:
        return "its final state was not stored"
    if episode.workspace_left_out:
        return f"its final state is not whole: {episode.workspace_left_out} paths were left out"
    return None


def missing_evidence(task: Task) -> str | None:
    """Say what a task is judged by beside the last workspace, which alone is stored; None where by nothing."""
    if task.checkpoints:
        return "its task has checkpoints, and what was there at the earlier ones is not stored"
    if task.separate is not None or task.artifacts_elsewhere:
        return "its verifier gets artifacts from outside of the workspace, which are not stored"
    return None


async def verdict_anew(
    dataset: Dataset, episode: Episode, task: Task, sandbox: SandboxConfig | None, kept: dict[str, Any]
) -> VerifierResult:
    """Judge the final state of an episode once more.

    Args:
        dataset: Where its blobs are.
        episode: With a final state that is whole.
        task: The episode's.
        sandbox: Backend and limits; None: those of the episode.
        kept: The episode's settings: its skills and template are in the machine again.

    Raises:
        TrajectoryError: The stored state is damaged, or the task's files are no longer those.
        ClaudeBoxError: As `ClaudeBox.open` and `ClaudeBox.verify`.
    """
    assert episode.workspace_files is not None
    box = ClaudeBox(
        task,
        model="nop",
        agent="nop",
        sandbox=sandbox or _sandbox_of(episode, kept),
        skills=kept.get("skills") or (),
        template=kept.get("template") if sandbox is None or not (sandbox.image or sandbox.template) else None,
        enable_logging=False,
    )
    async with box:
        task = box.task or task  # as it stands in its image
        gone, members = await stored_state(task, episode.workspace_diff or "", episode.workspace_files, dataset.blob)
        own = await list_files(box.sandbox, task.workdir or WORKSPACE)
        return await judge_state(box.sandbox, task, own.entries if own else (), gone, members)


def _sandbox_of(episode: Episode, kept: dict[str, Any]) -> SandboxConfig:
    given: Any = kept.get("sandbox")
    settings = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    known: dict[str, Any] = {
        name: value for name, value in settings.items() if name in SandboxConfig.__dataclass_fields__
    }
    known["name"] = episode.sandbox
    return SandboxConfig(**known)


def changes_of(episode: Episode, task: Task) -> Changes:
    """Return what an episode did to the text files, as `session.changes` sees it.

    Raises:
        TrajectoryError: The stored diff does not fit the task's files.
    """
    texts = final_texts(task, episode.workspace_diff or "", episode.workspace_files or ())
    files = [FileChange(path, before, after) for path, (before, after) in texts.items() if not _is_skipped(path)]
    skipped = [file.path for file in episode.workspace_files or () if file.kind in ("blob", "symlink")]
    return Changes(tuple(files), tuple(path for path in skipped if not _is_skipped(path)))


def _is_skipped(path: str) -> bool:
    return any(part in SKIPPED_FOLDERS for part in path.split("/")[:-1])


def task_sha256(task: Task) -> str:
    """Return a hash of all files of a task's folder.

    Raises:
        TrajectoryError: One can't be read.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted(task.path.rglob("*")):
            if path.is_file():
                digest.update(_head(path, task.path) + path.read_bytes())
    except OSError as error:
        raise TrajectoryError(f"can't read task {task.task_id}: {error}") from error
    return digest.hexdigest()


def _head(path: Path, folder: Path) -> bytes:
    return f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape")
