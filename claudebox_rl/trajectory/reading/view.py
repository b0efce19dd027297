"""Which episodes and columns of a dataset are read, and the reading of them, part by part."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory._arrow import Table, pa, pc, text_array
from claudebox_rl.trajectory.reading.batch import Batch, Columns
from claudebox_rl.trajectory.reading.conditions import Condition, conditions_of
from claudebox_rl.trajectory.reading.part import OpenPart
from claudebox_rl.trajectory.reading.shape import check_columns, joined_shapes, shaped
from claudebox_rl.trajectory.reading.source import Source
from claudebox_rl.trajectory.record import EpisodeRecord
from claudebox_rl.trajectory.schema import EPISODES

_ID = "episode_id"


@dataclass(frozen=True, slots=True)
class View:
    """Which episodes and columns: all, unless it says otherwise. Carried between processes by pickle."""

    conditions: tuple[Condition, ...] = ()
    columns: Columns = field(default_factory=dict[str, Sequence[str]])

    def where(self, where: Any, named: Mapping[str, Any]) -> View:
        """Return the view of those episodes that fulfil these conditions too; see `conditions_of`."""
        return replace(self, conditions=(*self.conditions, *conditions_of(where, named, EPISODES.names)))

    def choose(self, columns: Mapping[str, Sequence[str]]) -> View:
        """Return the view of these columns, by table.

        Raises:
            TrajectoryError: There is no such table or column.
        """
        for name, names in columns.items():
            check_columns(name, names)
        return replace(self, columns={**self.columns, **{name: tuple(names) for name, names in columns.items()}})


def batches(
    source: Source, view: View, size: int | None, tables: Sequence[str] = (), parts: Sequence[str] | None = None
) -> Generator[Batch]:
    """Yield the chosen episodes, in the order of commits.

    Args:
        source: Of the dataset.
        view: What is chosen.
        size: Episodes in a batch, at most; None: those of a part's row group.
        tables: That will be read of each batch, beside `episodes`.
        parts: Only these; None: all, and where some are compacted away meanwhile, what replaced them.

    Raises:
        TrajectoryError: A file is damaged, or one of the given parts was compacted away.
    """
    done: list[Table] = []
    left = list(source.parts if parts is None else parts)
    known: Table | None = None
    while left:
        name = left.pop(0)
        try:
            part = OpenPart(source, name, tables)
        except TrajectoryError as error:
            if not source.is_gone(name):
                raise
            if parts is not None:
                raise source.lost(name) from error
            source.refresh()
            known = pa.concat_arrays(done) if done else None
            left = list(source.parts)
            continue
        yield from _of_part(source, view, part, size, known)  # left open for whoever holds a batch of it
        if parts is None:
            done.append(part.ids())
        part.remember()


def _of_part(source: Source, view: View, part: OpenPart, size: int | None, known: Table | None) -> Generator[Batch]:
    for found in part.episodes(view.conditions, _with_id(view)):
        rows = found if known is None else found.filter(pc.invert(pc.is_in(found[_ID], value_set=known)))
        for start in range(0, rows.num_rows, size or max(1, rows.num_rows)):
            yield Batch(source.path, part, rows.slice(start, size), view.columns)


def table(source: Source, view: View, name: str, columns: Sequence[str] | None) -> Table:
    """Return a table of all chosen episodes.

    Raises:
        TrajectoryError: There is no such column, or a file is damaged.
    """
    check_columns(name, columns or ())
    if name == "texts":
        return source.steadily(lambda: joined_shapes(name, _texts(source, columns), columns))
    if name == "episodes":
        narrow = replace(view, columns={**view.columns, name: columns} if columns is not None else {})
        found = [batch.episodes for batch in batches(source, narrow, None)]
    else:
        narrow = replace(view, columns={"episodes": (_ID,)})
        found = [piece for batch in batches(source, narrow, None, (name,)) for piece in batch.pieces(name, columns)]
    return joined_shapes(name, found, columns)


def one(source: Source, view: View, episode_id: str) -> EpisodeRecord | None:
    """Return a chosen episode by its id; None where there is none.

    Raises:
        TrajectoryError: A file is damaged.
    """

    def find() -> EpisodeRecord | None:
        for name in source.parts:
            if name not in source.ids:
                with OpenPart(source, name) as part:
                    source.ids[name] = part.ids()
            ids = source.ids[name]
            if pc.any(pc.is_in(ids, value_set=text_array(episode_id, ids.type)), min_count=0).as_py():
                with OpenPart(source, name, ("steps", "model_calls")) as part:
                    rows = part.episode(episode_id, view.conditions, _with_id(view))
                    return next(iter(Batch(source.path, part, rows, view.columns)), None)
        return None

    return source.steadily(find)


def num_episodes(source: Source) -> int:
    """Return how many episodes there are, by the footers of their parts."""

    def count() -> int:
        total = 0
        for name in source.parts:
            with OpenPart(source, name) as part:
                total += part.num_episodes()
        return total

    return source.steadily(count)


def _with_id(view: View) -> list[str] | None:
    chosen = view.columns.get("episodes")
    return None if chosen is None else list(dict.fromkeys([_ID, *chosen]))


def _texts(source: Source, columns: Sequence[str] | None) -> list[Table]:
    found: list[Table] = []
    for name in source.parts:
        with OpenPart(source, name) as part:
            found += [shaped("texts", table, columns) for table in part.texts(columns)]
    return found
