"""A dataset, read: as Arrow tables, and as values joined by episode."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import branches
from claudebox_rl.trajectory._storage import Storage, journal_folder, storage_of
from claudebox_rl.trajectory.groups import Group, groups_of
from claudebox_rl.trajectory.journal import SUFFIX
from claudebox_rl.trajectory.live import read_live, span
from claudebox_rl.trajectory.rows import call_of, episode_of, step_of
from claudebox_rl.trajectory.texts import Parser
from claudebox_rl.trajectory.workspace.blobs import read_blob
from claudebox_rl.types import Episode, ModelCall, Step

if TYPE_CHECKING:
    from claudebox_rl.trajectory._arrow import Table
    from claudebox_rl.trajectory.joining import TextIndex

_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One episode with all that was recorded of it."""

    episode: Episode
    steps: tuple[Step, ...]
    """By `step_index`."""
    model_calls: tuple[ModelCall, ...]
    """In the order in which they were recorded."""
    call_steps: tuple[int | None, ...]
    """For each model call the step in which it was made; None outside any step."""

    def calls_of(self, step_index: int | None) -> tuple[ModelCall, ...]:
        """Return the model calls that were made in that step; of None, those outside any step."""
        pairs = zip(self.model_calls, self.call_steps, strict=True)
        return tuple(call for call, step in pairs if step == step_index)


class Dataset:
    """The committed episodes of a folder or URI, as each table first read them. Made by `load_dataset`."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self._storage = storage_of(path)
        self._lengths: list[tuple[str, int]] = []
        """Of the parts of `episodes`: their file names and how many rows they have."""

    @property
    def storage(self) -> Storage:
        """Where its files are."""
        return self._storage

    @cached_property
    def episodes(self) -> Table:
        """One row an episode, in the order of commits."""
        from claudebox_rl.trajectory import parquet

        def read(parts: Sequence[str]) -> Table:
            tables = [self._part("episodes", part) for part in parts]
            self._lengths = [(part, table.num_rows) for part, table in zip(parts, tables, strict=True)]
            return parquet.concatenate("episodes", tables)

        return self._of_parts("episodes", read)

    @cached_property
    def with_overrides(self) -> Table:
        """`episodes` with a column `overrides.<key>` for each setting that was overridden; numbers where all are."""
        from claudebox_rl.trajectory.overrides import with_overrides

        return with_overrides(self.episodes)

    def rescored(self, name: str) -> Table:
        """Return `episodes` with what was computed anew under a name, as columns `rescored.<name>.<column>`.

        Raises:
            TrajectoryError: Nothing was, under this name.
        """
        from claudebox_rl.trajectory import rescores

        return rescores.joined(self.episodes, rescores.read_rescores(self._storage), name)

    @cached_property
    def steps(self) -> Table:
        """One row a step; those of one episode together and in order."""
        from claudebox_rl.trajectory import joining

        return joining.joined(self._folded_steps, self._texts)

    @cached_property
    def model_calls(self) -> Table:
        """One row a request to a model."""
        from claudebox_rl.trajectory import joining

        return joining.joined(self._folded_calls, self._texts)

    @cached_property
    def _folded_steps(self) -> Table:
        return self._belonging("steps", self.episodes)

    @cached_property
    def _folded_calls(self) -> Table:
        return self._belonging("model_calls", self.episodes)

    @cached_property
    def _has_texts(self) -> bool:
        with boundary(TrajectoryError, f"can't look into {self.path}", path=str(self.path)):
            return bool(self._storage.names("texts"))

    @cached_property
    def _texts(self) -> TextIndex:
        from claudebox_rl.trajectory.joining import TextIndex

        return TextIndex(self._storage)

    @cached_property
    def episode_ids(self) -> tuple[str, ...]:
        """In the order of `episodes`."""
        return tuple(self.episodes["episode_id"].to_pylist())

    def __len__(self) -> int:
        return len(self.episode_ids)

    def __iter__(self) -> Iterator[EpisodeRecord]:
        steps, calls = self._folded_steps, self._folded_calls
        steps_at, calls_at = _runs(steps), _runs(calls)
        for index, episode_id in enumerate(self.episode_ids):
            yield self._record(
                self.episodes.slice(index, 1).to_pylist()[0],
                [row for start, stop in steps_at.get(episode_id, ()) for row in _rows(steps, start, stop)],
                [row for start, stop in calls_at.get(episode_id, ()) for row in _rows(calls, start, stop)],
                self._texts,
            )

    def summaries(self) -> Generator[Episode]:
        """Yield the episodes without their steps and calls, which are not read."""
        for index, episode_id in enumerate(self.episode_ids):
            with boundary(TrajectoryError, f"{self.path}: episode {episode_id!r} is damaged"):
                episode = episode_of(self.episodes.slice(index, 1).to_pylist()[0])
            yield episode

    def columns(self, name: str, columns: Sequence[str]) -> Table:
        """Read some columns of a table, and leave what is large, such as requests and outputs, in its files.

        Args:
            name: `episodes`, `steps`, `model_calls` or `texts`.
            columns: Names, or paths of a list's fields as Parquet has them: `tool_calls.list.element.name`.

        Raises:
            TrajectoryError: A file is damaged.
        """
        from claudebox_rl.trajectory import joining, parquet

        def read(parts: Sequence[str]) -> Table:
            if name == "texts":  # of which version 1 has none
                parts = [part for part in parts if self._storage.has(f"texts/{part}")]
            tables = (joining.joined(self._part(name, part, columns=columns), self._texts) for part in parts)
            return parquet.select(name, tables, columns)

        return self._of_parts(name, read)

    def __getitem__(self, episode_id: str) -> EpisodeRecord:
        """Return the episode of that id, or of the only one whose id starts so.

        Reads only the row groups that may hold it.

        Raises:
            TrajectoryError: None or several fit; the message names candidates.
        """
        from claudebox_rl.trajectory.joining import TextIndex

        index = self._find(episode_id)
        one, part = self.episodes.slice(index, 1), self._part_of(index)
        steps, calls = (self._belonging(name, one, part).to_pylist() for name in ("steps", "model_calls"))
        texts = TextIndex(self._storage, (part,), self.episode_ids[index], self._texts)
        return self._record(one.to_pylist()[0], steps, calls, texts)

    def whole(self, episode_id: str) -> EpisodeRecord:
        """Return an episode as `dataset[episode_id]`, with what its parents did before it branched off in front.

        Steps are numbered through, and each keeps the id of the episode that played it.

        Raises:
            TrajectoryError: None or several fit; or a parent is not in this dataset.
        """
        return branches.whole(self, episode_id)

    def groups(self, run_id: str | None = None) -> tuple[Group, ...]:
        """Return what the episodes of each group earned, in the order of commits; of one run, or of all."""
        episodes = (episode for episode in self.summaries() if run_id in (None, episode.run_id))
        return groups_of(episodes, branches.rewards_before(self))

    def blob(self, sha256: str, size: int) -> bytes:
        """Return a content of `workspace_files`, by its hash and size.

        Raises:
            TrajectoryError: It is not there, or damaged.
        """
        return read_blob(self._storage, sha256, size)

    def _find(self, prefix: str) -> int:
        if prefix in self.episode_ids:
            return self.episode_ids.index(prefix)
        fits = [i for i, known in enumerate(self.episode_ids) if known.startswith(prefix)]
        if len(fits) == 1:
            return fits[0]
        names = [self.episode_ids[i] for i in fits or range(len(self))]
        listed = ", ".join(names[:_NAMED_AT_MOST]) + (", ..." if len(names) > _NAMED_AT_MOST else "")
        found = f"{len(fits)} episodes start" if fits else "no episode starts"
        raise TrajectoryError(f"{found} with {prefix!r} in {self.path}: {listed}", candidates=names)

    def _record(
        self, episode: dict[str, Any], steps: list[dict[str, Any]], calls: list[dict[str, Any]], texts: TextIndex
    ) -> EpisodeRecord:
        parser = Parser(texts)
        with boundary(TrajectoryError, f"{self.path}: episode {episode['episode_id']!r} is damaged"):
            return EpisodeRecord(
                episode=episode_of(episode),
                steps=tuple(sorted((step_of(row, parser) for row in steps), key=lambda step: step.step_index)),
                model_calls=tuple(call_of(row, parser) for row in calls),
                call_steps=tuple(call["step_index"] for call in calls),
            )

    def _part(self, name: str, part: str, episode_id: str | None = None, columns: Sequence[str] | None = None) -> Table:
        from claudebox_rl.trajectory import joining  # costs 0.6 s: only readers pay it

        return joining.read(self._storage, f"{name}/{part}", episode_id, columns, has_texts=self._has_texts)

    def _of_parts(self, name: str, read: Callable[[Sequence[str]], Table]) -> Table:
        def checked(parts: Sequence[str]) -> Table:
            if not parts:
                raise TrajectoryError(self._missing(name), path=str(self.path))
            return read(parts)

        return read_live(self._storage, checked)

    def _part_of(self, index: int) -> str:
        """Return the file name of an episode's part."""
        for part, num_rows in self._lengths:
            if index < num_rows:
                return part
            index -= num_rows
        raise IndexError(index)

    def _belonging(self, name: str, episodes: Table, part: str | None = None) -> Table:
        """Return a table without other episodes' rows, such as those of a commit that goes on."""
        from claudebox_rl.trajectory import parquet

        only = episodes["episode_id"][0].as_py() if episodes.num_rows == 1 else None

        def read(parts: Sequence[str]) -> Table:
            own = [part] if part is not None and part in parts and span(part) else parts
            return parquet.concatenate(name, (self._part(name, each, only) for each in own))

        return parquet.belonging(self._of_parts(name, read), episodes)

    def _missing(self, name: str) -> str:
        journals = journal_folder(self.path)
        waiting = len(list(journals.glob(f"*{SUFFIX}")))
        hint = f"; {waiting} journals in {journals} are not committed" if waiting else ""
        return f"no dataset at {self.path}: looked for {self._storage}/{name}/*.parquet{hint}"


def load_dataset(path: str | Path) -> Dataset:
    """Open a dataset's folder, or its URI (`s3://bucket/runs`), for reading.

    Only committed episodes are seen, and each of them whole.

    Raises:
        ConfigError: Nothing here reads such a URI.
        TrajectoryError: There is no committed episode at `path`, or a file is damaged.
        SchemaVersionError: A newer version of claudebox_rl wrote a part.
    """
    dataset = Dataset(path)
    _ = dataset.episodes
    return dataset


def _rows(table: Table, start: int, stop: int) -> list[dict[str, Any]]:
    return table.slice(start, stop - start).to_pylist()


def _runs(table: Table) -> dict[str, list[tuple[int, int]]]:
    """Return where each episode's rows lie: one run, unless another tool reordered the part."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for episode_id, start, stop in _stretches(table["episode_id"].to_pylist()):
        runs.setdefault(episode_id, []).append((start, stop))
    return runs


def _stretches(ids: list[str]) -> Generator[tuple[str, int, int]]:
    start = 0
    for i in range(1, len(ids) + 1):
        if i == len(ids) or ids[i] != ids[start]:
            yield ids[start], start, i
            start = i
