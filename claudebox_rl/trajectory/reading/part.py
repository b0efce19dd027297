"""One part of a dataset, open: the files of its tables, and the texts that were taken out of their rows."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from types import TracebackType

import numpy as np

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory._arrow import Table, pa, pc, text_array
from claudebox_rl.trajectory._storage import TEXTS_SINCE
from claudebox_rl.trajectory.joining import escaped
from claudebox_rl.trajectory.reading.conditions import Condition, mask_of
from claudebox_rl.trajectory.reading.file import PartFile
from claudebox_rl.trajectory.reading.shape import filled
from claudebox_rl.trajectory.reading.source import Source
from claudebox_rl.trajectory.schema import SCHEMAS
from claudebox_rl.trajectory.text_index import TextIndex

_ID = "episode_id"
_TEXT = ("text_id", "text")


class OpenPart:
    """A part, of which each table's files are opened once, and stay open even where the part is compacted away.

    Args:
        source: Of the dataset.
        name: Of the part.
        tables: Opened at once, beside `episodes`; the others when they are asked for.

    Raises:
        TrajectoryError: A file is damaged, or gone.
    """

    def __init__(self, source: Source, name: str, tables: Iterable[str] = ()) -> None:
        self.name = name
        self._source = source
        self._shared: Table | None = None
        self._files: dict[str, list[PartFile]] = {}
        self._stack = ExitStack()
        with ExitStack() as undo:
            undo.callback(self._stack.close)
            for table in ("episodes", *tables):
                self._open(table)
            undo.pop_all()

    def __enter__(self) -> OpenPart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remember()
        self._stack.close()

    def remember(self) -> None:
        """Leave what was learned of its files for when they are opened again."""
        for table, files in self._files.items():
            if len(files) == 1:
                self._source.remember(table, self.name, files[0])

    def num_episodes(self) -> int:
        """How many it has, by its footer."""
        return self._open("episodes")[0].num_rows

    def episodes(self, conditions: Sequence[Condition], columns: Sequence[str] | None) -> Generator[Table]:
        """Yield the rows of `episodes` that fulfil all conditions, a row group at a time.

        Args:
            conditions: Held against the statistics of row groups, then against the columns that they look at; the
                others are read where a row fulfils them all.
            columns: Names; those that it lacks are left out. None: all.
        """
        (file,) = self._open("episodes")
        asked = sorted({name for condition in conditions for name in condition.columns(_known(file))})
        for group in range(file.num_groups):
            if not file.may_hold(group, conditions):
                continue
            if not conditions:
                yield file.read(group, columns)
                continue
            mask = mask_of(conditions, filled("episodes", file.read(group, asked), asked))
            if pc.any(mask, min_count=0).as_py():
                yield file.read(group, columns).filter(mask)

    def episode(self, episode_id: str, conditions: Sequence[Condition], columns: Sequence[str] | None) -> Table:
        """Return the row of an episode if it fulfils all conditions, else none; as `episodes` does."""
        (file,) = self._open("episodes")
        ids = text_array(episode_id, self.ids().type)
        rows = file.rows_of(ids, columns)
        if not conditions:
            return rows
        asked = sorted({name for condition in conditions for name in condition.columns(_known(file))})
        return rows.filter(mask_of(conditions, filled("episodes", file.rows_of(ids, asked), asked)))

    def ids(self) -> Table:
        """Return the ids of its episodes, an Arrow array in the order of their rows."""
        return self._open("episodes")[0].runs[0]

    def rows_of(self, table: str, ids: Table, columns: Sequence[str] | None) -> Table:
        """Return the rows of `steps` or `model_calls` that belong to episodes, as they are stored.

        Args:
            table: Its name.
            ids: Of the episodes, an Arrow array.
            columns: As `PartFile.rows_of` takes them.
        """
        tables = [self._folded(file, file.rows_of(ids, columns)) for file in self._open(table)]
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")

    def pieces_of(self, table: str, ids: Table, columns: Sequence[str] | None) -> Generator[Table]:
        """Yield `rows_of`, a row group at a time."""
        for file in self._open(table):
            yield from (self._folded(file, piece) for piece in file.pieces_of(ids, columns))

    def by_texts(self, rows: Table) -> Generator[Table]:
        """Yield stored rows by where the texts of their episodes are, so that few row groups of those are held."""
        files = self._open("texts")
        groups = files[0].first_groups(rows[_ID]) if files else np.zeros(rows.num_rows, np.int64)
        bounds = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), rows.num_rows]
        yield from (rows.slice(start, stop - start) for start, stop in pairwise(bounds))

    def texts_of(self, ids: Table) -> TextIndex:
        """Return what finds the texts of these episodes, an Arrow array; it reads nothing before it is asked."""
        storage = self._source.storage
        return TextIndex(storage, lambda: self._texts_of(ids), fallback=TextIndex(storage))

    def _texts_of(self, ids: Table) -> list[tuple[Table, str]]:
        try:
            return [
                (table, f"texts/{self.name}")
                for file in self._open("texts")
                for table in (self._shared_texts(file), file.rows_of(ids, _TEXT))
            ]
        except TrajectoryError:
            if not self._source.is_gone(self.name):
                raise
            return []  # they were compacted into another part, where the index's fallback finds them

    def texts(self, columns: Sequence[str] | None) -> Generator[Table]:
        """Yield all its texts, a row group at a time."""
        for file in self._open("texts"):
            yield from (file.read(group, columns) for group in range(file.num_groups))

    def _shared_texts(self, file: PartFile) -> Table:
        """Return the texts of several episodes, which are read once."""
        if self._shared is None:
            self._shared = file.rows_of(pa.nulls(1, file.runs[0].type), _TEXT)
        return self._shared

    def _folded(self, file: PartFile, table: Table) -> Table:
        """Return rows of any version as those of today's are stored."""
        version = file.version or (TEXTS_SINCE if self._source.has_texts else 1)
        return escaped(table) if version < TEXTS_SINCE else table

    def _open(self, table: str) -> list[PartFile]:
        if table not in self._files:
            names = (self.name,) if table == "episodes" else self._source.files_of(table, self.name)
            self._files[table] = [self._opened(table, name) for name in names]
        return self._files[table]

    def _opened(self, table: str, name: str) -> PartFile:
        return self._stack.enter_context(self._source.open(table, name))


def _known(file: PartFile) -> list[str]:
    return list(dict.fromkeys([*file.names, *SCHEMAS["episodes"].names]))
