"""The journal of one episode: a JSONL file that a kill can't take back.

Each record is one line, handed to the kernel before the call returns, so a killed writer loses at most the record in
flight. The writer holds a lock on the file while it lives. A journal whose last line is `{"kind":"end"}` is finished
and ready to be committed; any other whose lock is free was left by a dead writer.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import journal_folder
from claudebox_rl.trajectory.rows import call_row, episode_row, plain, step_row
from claudebox_rl.trajectory.scrubbing.scrubber import Scrubber
from claudebox_rl.types import Episode, ModelCall, Step

SCHEMA_VERSION = 3
"""Of parts. Columns may be added within a version; anything else raises it."""
JOURNAL_VERSION = 1
"""Of the lines of journals."""
SUFFIX = ".jsonl"
END = {"kind": "end"}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class EpisodeJournal:
    """Records one episode as it is played. Synchronous and quick; for one thread at a time.

    Args:
        dataset: The dataset's folder, made where missing, or its URI: the journal then lies in `journal_folder`.
        episode_id: Letters, digits, `.`, `_` and `-`; at most 128 of them. Never used before in this dataset.
        scrubber: Takes secrets out of what is written from now on; None: all is written as it is.

    Raises:
        TrajectoryError: The name is not plain, has a journal already, or the file can't be written.
    """

    def __init__(self, dataset: str | Path, episode_id: str, scrubber: Scrubber | None = None) -> None:
        if not _PLAIN_NAME.fullmatch(episode_id):
            raise TrajectoryError(
                f"episode_id {episode_id!r} is not a plain name: use letters, digits, '.', '_' and '-'",
                episode_id=episode_id,
            )
        self.episode_id = episode_id
        self.scrubber = scrubber
        self.path = journal_folder(dataset) / f"{episode_id}{SUFFIX}"
        self._size = 0
        self._finished = False
        with self._writing():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd: int | None = _create(self.path)
        try:
            with self._writing():
                head = {"schema_version": JOURNAL_VERSION, "episode_id": episode_id, "at": time.time()}
                self._append({"kind": "open", **head})
        except BaseException:
            self.close()
            raise

    def add_start(self, facts: dict[str, Any]) -> None:
        """Say who plays, so that an interrupted episode can be told from its journal alone.

        Args:
            facts: Fields of `Episode` that are known now (`run_id`, `task_id`, `attempt`, `seed`, `config`, ...), and
                whatever else the `make_episode` of a recovery wants to know. JSON, no secrets.
        """
        with self._writing():
            self._append({"kind": "start", "facts": self._clean(facts)})

    def add_step(self, step: Step, calls: Sequence[ModelCall] = ()) -> None:
        """Record one step with the model calls that were made in it, as one record: both or neither.

        Raises:
            TrajectoryError: The step is another episode's or not JSON, the journal is finished or closed, or the disk
                is full; the journal is as it was before.
        """
        self._own(step, *calls)
        with self._writing():
            rows = [self._clean(call_row(call, step.step_index)) for call in calls]
            self._append({"kind": "step", "row": self._clean(step_row(step)), "calls": rows})

    def add_calls(self, calls: Sequence[ModelCall]) -> None:
        """Record model calls that belong to no step. Raises as `add_step` does."""
        self._own(*calls)
        with self._writing():
            self._append({"kind": "calls", "calls": [self._clean(call_row(call, None)) for call in calls]})

    def finish(self, episode: Episode) -> None:
        """Record how the episode ended and make the journal durable and ready to be committed. Raises as `add_step`."""
        self._own(episode)
        with self._writing():
            row = self._clean(episode_row(episode))
            if self.scrubber is not None:
                counts = ("num_scrubbed", "num_calls_without_tokens")
                row |= {name: getattr(self.scrubber, name) for name in counts}
            fd = self._append({"kind": "episode", "row": row}, END)
            self._finished = True
            os.fsync(fd)
            _disk.sync_folder(self.path.parent)

    def close(self) -> None:
        """Let the file go. Idempotent. An unfinished journal is then taken as that of an interrupted episode."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clean(self, row: dict[str, Any]) -> dict[str, Any]:
        return row if self.scrubber is None else self.scrubber.row(row)

    def _own(self, *values: Step | ModelCall | Episode) -> None:
        for value in values:
            if value.episode_id != self.episode_id:
                kind = type(value).__name__
                raise TrajectoryError(f"{kind} of episode {value.episode_id!r} given to the journal {self.path}")

    def _append(self, *records: dict[str, Any]) -> int:
        if self._fd is None or self._finished:
            state = "finished" if self._finished else "closed"
            raise TrajectoryError(f"the journal {self.path} is {state}", episode_id=self.episode_id)
        self._size = _disk.append(self._fd, encode(*records), self._size)
        return self._fd

    def _writing(self) -> AbstractContextManager[None]:
        return boundary(TrajectoryError, f"can't write the journal {self.path}", episode_id=self.episode_id)


def _create(path: Path) -> int:
    try:
        return _disk.create_locked(path)
    except FileExistsError:
        raise TrajectoryError(f"episode {path.stem!r} has a journal already: {path}", episode_id=path.stem) from None


def encode(*records: dict[str, Any]) -> bytes:
    """Return the records as lines."""
    return b"".join(json.dumps(record, separators=(",", ":"), default=plain).encode() + b"\n" for record in records)


_TAIL = b"\n" + encode(END)


def is_open(dataset: str | Path, episode_id: str) -> bool:
    """Whether a living process is writing the episode's journal."""
    path = journal_folder(dataset) / f"{episode_id}{SUFFIX}"
    with _disk.abandoned(path) as fd:
        return fd is None and path.exists()


def is_finished(path: Path) -> bool:
    """Whether the journal is there and its last line is its end."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return has_end(fd)
    finally:
        os.close(fd)


def has_end(fd: int) -> bool:
    """Whether the last line of an open journal is its end; reads that line only."""
    return os.pread(fd, len(_TAIL), max(0, os.fstat(fd).st_size - len(_TAIL))) == _TAIL
