"""Folders of trajectories: one document an episode, as other tools look for them."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.exports.atif.parts import Json
from claudebox_rl.exports.atif.reading import from_atif
from claudebox_rl.exports.atif.writing import to_atif
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import Outcome

_NUM_FILES = 1000


def write_atif(dataset: Iterable[EpisodeRecord], folder: str | Path) -> list[Path]:
    """Write each episode as `<episode_id>.json`; characters that a file's name can't have are percent-encoded.

    Args:
        dataset: An opened dataset, or any episodes.
        folder: Made where it is missing; files of the same names are replaced, each in one rename.

    Returns:
        The files.

    Raises:
        TrajectoryError: There are no episodes, one can't be written as ATIF, or the folder can't be written.
    """
    folder = Path(folder)
    with boundary(TrajectoryError, f"can't write {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(folder, record) for record in dataset]
    if not written:
        raise TrajectoryError("there are no episodes to write")
    return written


def _write(folder: Path, record: EpisodeRecord) -> Path:
    name = quote(record.episode.episode_id, safe="")
    path = folder / f"{name if name.strip('.') else name.replace('.', '%2E')}.json"
    partial = folder / f".{uuid.uuid4().hex}.partial"
    try:
        with partial.open("x", encoding="utf-8") as file:
            json.dump(to_atif(record), file, ensure_ascii=True, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def read_atif(
    path: str | Path,
    *,
    task_id: str = "",
    outcome: Outcome = Outcome.COMPLETED,
    episode_return: float | None = None,
) -> EpisodeRecord:
    """Read a document of ATIF, with those beside it that it refers to.

    Args:
        path: The file. References that lead out of its folder are not followed: they come from an agent's side.
        task_id: See `from_atif`.
        outcome: See `from_atif`.
        episode_return: See `from_atif`.

    Raises:
        TrajectoryError: The file can't be read, or is no document of the format.
        SchemaVersionError: It is of a later major version.
    """
    path = Path(path)
    document = _load(path)
    files: dict[str, Json] = {}
    waiting = [document]
    while waiting:
        for name in _named(waiting.pop()):
            beside = (path.parent / name).resolve()
            if name in files or not beside.is_relative_to(path.parent.resolve()) or not beside.is_file():
                continue
            if len(files) == _NUM_FILES:
                raise TrajectoryError(f"{path} refers to more than {_NUM_FILES} documents")
            files[name] = _load(beside)
            waiting.append(files[name])
    return from_atif(document, files, task_id=task_id, outcome=outcome, episode_return=episode_return)


def _load(path: Path) -> Json:
    with boundary(TrajectoryError, f"{path} is no document of ATIF"):
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TrajectoryError(f"{path} is no document of ATIF: it is no object")
    return cast("Json", document)


def _named(value: Any) -> list[str]:
    """Return the paths that a document refers to."""
    if isinstance(value, list):
        return [name for item in cast("list[Any]", value) for name in _named(item)]
    if not isinstance(value, dict):
        return []
    fields = cast("Json", value)
    refs = [fields.get(key) for key in ("trajectory_path", "continued_trajectory_ref")]
    return [*(ref for ref in refs if isinstance(ref, str)), *_named(list(fields.values()))]
