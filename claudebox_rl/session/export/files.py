"""Files of trajectories: one JSON document, or JSON lines (the trajectory's head, then its steps)."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from claudebox_rl.errors import SchemaVersionError, TrajectoryError, boundary
from claudebox_rl.session.export.document import FORMAT, MERGED_FORMAT, VERSION, Document, head_of, merged

FORMATS = ("json", "jsonl")
FILE_CAP_BYTES = 1 << 30
_HEAD = ("trajectory_id", "total_turns", "total_duration_ms", "final_reward", "success", "prompts")


def save(path: Path, documents: Iterable[Document], kind: str) -> None:
    """Write trajectories to a file, in one rename: a reader sees the old or the new one.

    As `json` several trajectories are one merged document; as `jsonl` they follow each other, and are never all in
    memory.

    Raises:
        TrajectoryError: An unknown format, or the file can't be written.
    """
    if kind not in FORMATS:
        raise TrajectoryError(f"format must be json or jsonl, not {kind!r}")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    with boundary(TrajectoryError, f"can't write {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("x", encoding="utf-8") as file:
                for piece in _lines(documents) if kind == "jsonl" else _whole(documents):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def load(path: Path, *, max_bytes: int = FILE_CAP_BYTES) -> Document:
    """Read a file that `save` wrote, in either format; several trajectories come as one merged document.

    Raises:
        TrajectoryError: There is no such file, it is larger than `max_bytes`, torn, or no trajectory.
        SchemaVersionError: A newer version of claudebox_rl wrote it.
    """
    with boundary(TrajectoryError, f"can't read {path}"), path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise TrajectoryError(f"{path} is larger than {max_bytes} bytes; read it line by line", max_bytes=max_bytes)
    try:
        text = content.decode("utf-8")
        first = json.loads(text.split("\n", 1)[0]) if text.startswith('{"kind"') else None
        documents = [json.loads(text)] if first is None else list(_from_lines(path, text))
    except (ValueError, RecursionError) as error:
        raise TrajectoryError(f"{path} is torn, or no file of trajectories: {error}", path=str(path)) from error
    for one in documents:
        _check(path, one)
    return cast("Document", documents[0]) if len(documents) == 1 else merged(cast("list[Document]", documents))


def _whole(documents: Iterable[Document]) -> Iterator[str]:
    given = list(documents)
    yield json.dumps(given[0] if len(given) == 1 else merged(given), ensure_ascii=True, indent=1) + "\n"


def _lines(documents: Iterable[Document]) -> Iterator[str]:
    for one in documents:
        heads = one["trajectories"] if one["format"] == MERGED_FORMAT else [head_of(one)]
        for head in heads:
            yield json.dumps({"kind": "trajectory", **head}) + "\n"
            for step in one["steps"]:
                if step["trajectory_id"] == head["trajectory_id"]:
                    yield json.dumps({"kind": "step", **step}) + "\n"


def _from_lines(path: Path, text: str) -> Iterator[Document]:
    current: Document | None = None
    for number, line in enumerate(text.split("\n")[:-1], 1):
        entry: Any = json.loads(line)
        known = cast("Document", entry) if isinstance(entry, dict) else Document()
        kind = known.pop("kind", None)
        if kind == "trajectory":
            if current is not None:
                yield current
            current = {**known, "steps": []}
        elif kind == "step" and current is not None:
            current["steps"].append(known)
        else:
            raise TrajectoryError(f"{path}:{number} is neither a trajectory's head nor one of its steps")
    if current is not None:
        yield current


def _check(path: Path, one: object) -> None:
    known = cast("Document", one) if isinstance(one, dict) else Document()
    if known.get("format") not in (FORMAT, MERGED_FORMAT):
        raise TrajectoryError(f"{path} is no file of trajectories: its format is not {FORMAT}", path=str(path))
    version = known.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version > VERSION:
        raise SchemaVersionError(
            f"{path} has version {version!r}, newer than {VERSION}: upgrade claudebox_rl", version=version
        )
    with boundary(TrajectoryError, f"{path} is damaged"):
        heads = known["trajectories"] if known["format"] == MERGED_FORMAT else [known]
        if missing := {name for head in heads for name in _HEAD if name not in head}:
            raise TrajectoryError(f"{path} is damaged: a trajectory lacks {', '.join(sorted(missing))}", path=str(path))
        turns, there = sum(int(head["total_turns"]) for head in heads), len(known["steps"])
        if turns != there:
            raise TrajectoryError(f"{path} is torn: it has {there} of {turns} steps", path=str(path))
