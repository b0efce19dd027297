"""A dataset, read: as tables, in batches, as values joined by episode. Nothing is read before it is asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import branches
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.groups import Group, groups_of
from claudebox_rl.trajectory.readers.forms import Forms
from claudebox_rl.trajectory.reading.source import Source
from claudebox_rl.trajectory.record import EpisodeRecord
from claudebox_rl.trajectory.rows import episode_of
from claudebox_rl.trajectory.workspace.blobs import read_blob
from claudebox_rl.types import Episode

if TYPE_CHECKING:
    from claudebox_rl.trajectory._arrow import Table
    from claudebox_rl.trajectory.reading.batch import Batch
    from claudebox_rl.trajectory.reading.view import View

__all__ = ["Dataset", "EpisodeRecord", "load_dataset"]

_NAMED_AT_MOST = 10
_BATCH = 256
_TABLES = ("steps", "model_calls")


class Dataset(Forms):
    """The episodes that were committed when it was opened, or those of them that were chosen. Made by `load_dataset`.

    May be pickled: what unpickles it reads the same episodes.
    """

    def __init__(self, path: str | Path, *, source: Source | None = None, view: View | None = None) -> None:
        self.path = path
        self._source = Source(path) if source is None else source
        self._given_view = view

    @property
    def storage(self) -> Storage:
        """Where its files are."""
        return self._source.storage

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self.path, self._source.opened, self._given_view)

    def filter(self, where: Any = None, **conditions: Any) -> Dataset:
        """Return those episodes that fulfil all conditions, as a dataset. Reads nothing.

        Args:
            where: A `pyarrow.compute.Expression` of columns of `episodes`, or a mapping as `conditions`.
            **conditions: By column of `episodes`: a value, a list of values, or text with `*` and `?`; None is null.
                `min_<column>` and `max_<column>` are the ends of a range, included. `return` is short for
                `episode_return`: `min_return=0.5`.

        Raises:
            TrajectoryError: There is no such column, or a value does not fit it.
        """
        return self._with(self._view.where(where, conditions))

    def select(self, columns: Mapping[str, Sequence[str]] | None = None, **more: Sequence[str]) -> Dataset:
        """Return the same episodes with fewer columns, as a dataset: the others stay in their files.

        Args:
            columns: Names of columns by table, `{"steps": ["action", "reward"]}`; of a table that is not named, all;
                of one with an empty list, no rows.
            **more: The same, by keyword.

        Raises:
            TrajectoryError: There is no such table or column.
        """
        return self._with(self._view.choose({**(columns or {}), **more}))

    def batches(self, size: int = _BATCH) -> Generator[Batch]:
        """Yield the episodes by up to `size`, in the order of commits: a dataset that is larger than memory is read so.

        A batch has `episodes`, `steps` and `model_calls` as Arrow tables, and is iterated for episodes as values.
        It reads when it is asked.

        Raises:
            TrajectoryError: A file is damaged.
        """
        from claudebox_rl.trajectory.reading.view import batches

        return batches(self._source, self._view, size, _TABLES)

    @property
    def num_parts(self) -> int:
        """How many parts it had when it was opened, each of which may be read on its own (`part`)."""
        return len(self._source.opened)

    def part(self, index: int, size: int = _BATCH) -> Generator[Batch]:
        """As `batches`, of one part alone, so that several processes share the work.

        What is begun is read to its end, also when the part is compacted away meanwhile.

        Raises:
            TrajectoryError: A file is damaged; or the part was compacted into another since the dataset was opened:
                then load it again, and share out the parts that there are now.
        """
        from claudebox_rl.trajectory.reading.view import batches

        return batches(self._source, self._view, size, _TABLES, self._source.opened[index : index + 1])

    @cached_property
    def episodes(self) -> Table:
        """One row an episode, in the order of commits."""
        return self._table("episodes", self.chosen_columns("episodes"))

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
        from claudebox_rl.trajectory._arrow import pa
        from claudebox_rl.trajectory.rescores import Results

        found = list(self.rescored_batches(name))
        if not found:
            return Results(self.storage, name).joined(self.episodes, ())
        return pa.concat_tables(found, promote_options="permissive")

    def rescored_batches(self, name: str, size: int = _BATCH) -> Generator[Table]:
        """As `rescored`, up to `size` episodes at a time."""
        from claudebox_rl.trajectory.reading.view import batches
        from claudebox_rl.trajectory.rescores import Results

        results = Results(self.storage, name)
        for batch in batches(self._source, self._view, size):
            yield results.joined(batch.episodes, batch.episode_ids)

    @cached_property
    def steps(self) -> Table:
        """One row a step; those of one episode together and in order."""
        return self._table("steps", self.chosen_columns("steps"))

    @cached_property
    def model_calls(self) -> Table:
        """One row a request to a model."""
        return self._table("model_calls", self.chosen_columns("model_calls"))

    @cached_property
    def episode_ids(self) -> tuple[str, ...]:
        """In the order of `episodes`."""
        return tuple(self._table("episodes", ("episode_id",))["episode_id"].to_pylist())

    def __len__(self) -> int:
        if self._given_view is not None and self._given_view.conditions:
            return len(self.episode_ids)
        return self._num_rows

    def __iter__(self) -> Iterator[EpisodeRecord]:
        for batch in self.batches():
            yield from batch

    def summaries(self) -> Generator[Episode]:
        """Yield the episodes without their steps and calls, which are not read."""
        from claudebox_rl.trajectory.reading.view import batches

        for batch in batches(self._source, self._view, _BATCH):
            for row in batch.episodes.to_pylist():
                with boundary(TrajectoryError, f"{self.path}: episode {row['episode_id']!r} is damaged"):
                    episode = episode_of(row)
                yield episode

    def columns(self, name: str, columns: Sequence[str]) -> Table:
        """Read some columns of a table, and leave what is large, such as requests and outputs, in its files.

        Args:
            name: `episodes`, `steps` or `model_calls`.
            columns: Names, or paths of a list's fields as Parquet has them: `tool_calls.list.element.name`.

        Raises:
            TrajectoryError: A file is damaged.
        """
        return self._table(name, tuple(columns))

    def chosen_columns(self, table: str) -> Sequence[str] | None:
        """Return which columns of a table `select` chose; None: all."""
        return self._view.columns.get(table)

    def __getitem__(self, episode_id: str) -> EpisodeRecord:
        """Return the episode of that id, or of the only one whose id starts so.

        Reads only the row groups that hold it.

        Raises:
            TrajectoryError: None or several fit; the message names candidates.
        """
        from claudebox_rl.trajectory.reading.view import one

        found = one(self._source, self._view, episode_id)
        if found is None:
            found = one(self._source, self._view, self._full_id(episode_id))
        if found is None:
            raise TrajectoryError(f"episode {episode_id!r} went from {self.path} while it was looked for")
        return found

    def whole(self, episode_id: str) -> EpisodeRecord:
        """Return an episode as `dataset[episode_id]`, with what its parents did before it branched off in front.

        Parents are looked for among all episodes, chosen or not. Steps are numbered through, and each keeps the id of
        the episode that played it.

        Raises:
            TrajectoryError: None or several fit; or a parent is not in this dataset.
        """
        return branches.whole(self.unfiltered, self[episode_id])

    @property
    def unfiltered(self) -> Dataset:
        """All episodes and columns."""
        return Dataset(self.path, source=self._source)

    def groups(self, run_id: str | None = None) -> tuple[Group, ...]:
        """Return what the episodes of each group earned, in the order of commits; of one run, or of all."""
        episodes = (episode for episode in self.summaries() if run_id in (None, episode.run_id))
        return groups_of(episodes, branches.rewards_before(self.unfiltered))

    def blob(self, sha256: str, size: int) -> bytes:
        """Return a content of `workspace_files`, by its hash and size.

        Raises:
            TrajectoryError: It is not there, or damaged.
        """
        return read_blob(self._source.storage, sha256, size)

    @cached_property
    def _view(self) -> View:
        from claudebox_rl.trajectory.reading.view import View  # costs 0.6 s, as pyarrow does: only readers pay it

        return self._given_view or View()

    @cached_property
    def _num_rows(self) -> int:
        from claudebox_rl.trajectory.reading.view import num_episodes

        return num_episodes(self._source)

    def _with(self, view: View) -> Dataset:
        return Dataset(self.path, source=self._source, view=view)

    def _table(self, name: str, columns: Sequence[str] | None) -> Table:
        from claudebox_rl.trajectory.reading.view import table

        return table(self._source, self._view, name, columns)

    def _full_id(self, prefix: str) -> str:
        fits = [known for known in self.episode_ids if known.startswith(prefix)]
        if len(fits) == 1:
            return fits[0]
        names = fits or list(self.episode_ids)
        listed = ", ".join(names[:_NAMED_AT_MOST]) + (", ..." if len(names) > _NAMED_AT_MOST else "")
        found = f"{len(fits)} episodes start" if fits else "no episode starts"
        raise TrajectoryError(f"{found} with {prefix!r} in {self.path}: {listed}", candidates=names)


def load_dataset(
    path: str | Path, where: Any = None, columns: Mapping[str, Sequence[str]] | None = None, **conditions: Any
) -> Dataset:
    """Open a dataset's folder, or its URI (`s3://bucket/runs`), for reading.

    Only committed episodes are seen, and each of them whole. What is read, and when, is up to what is asked of it.

    Args:
        path: The folder or URI.
        where: Only episodes that fulfil this; see `Dataset.filter`.
        columns: Only these; see `Dataset.select`.
        **conditions: As `where`.

    Raises:
        ConfigError: Nothing here reads such a URI.
        TrajectoryError: There is no committed episode at `path`, or no such column. When it is read: a file is damaged.
        SchemaVersionError: When it is read: a newer version of claudebox_rl wrote a part.
    """
    dataset = Dataset(path)
    if where is not None or conditions:
        dataset = dataset.filter(where, **conditions)
    return dataset if columns is None else dataset.select(columns)


def _reopened(path: str | Path, parts: tuple[str, ...], view: View | None) -> Dataset:
    return Dataset(path, source=Source(path, parts), view=view)
