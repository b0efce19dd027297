"""Where a dataset is read from: its storage, the parts that counted when it was opened, and what is known of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._storage import journal_folder, storage_of
from claudebox_rl.trajectory.journal import SUFFIX
from claudebox_rl.trajectory.live import is_part, live_parts, seen_parts

if TYPE_CHECKING:
    from claudebox_rl.trajectory.reading.file import PartFile

_REMEMBERED = 1024
T = TypeVar("T")


class Source:
    """Opens the files of a dataset, and remembers their footers.

    Args:
        path: The dataset's folder or URI.
        parts: Those that count; None: look now.

    Raises:
        ConfigError: Nothing here reads such a URI.
        TrajectoryError: There is no committed episode.
    """

    def __init__(self, path: str | Path, parts: tuple[str, ...] | None = None) -> None:
        self.path = path
        self.storage = storage_of(path)
        self.parts = live_parts(self.storage) if parts is None else parts
        if not self.parts:
            raise TrajectoryError(self._missing(), path=str(path))
        self.opened = self.parts
        """Those that counted when it was opened, by which parts are numbered; `parts` follows compactions."""
        self.ids: dict[str, Any] = {}
        """Of the episodes of parts that were looked through."""
        self._known: dict[str, tuple[Any, Any]] = {}
        self._listed: dict[str, tuple[str, ...]] = {}

    def refresh(self) -> None:
        """Look again which parts count."""
        self.parts = live_parts(self.storage)
        self.ids, self._known, self._listed = {}, {}, {}

    def steadily(self, read: Callable[[], T]) -> T:
        """Return what `read` makes of `parts`; where one is compacted away meanwhile, of what counts then.

        Raises:
            TrajectoryError: As `read` does, where all parts are still there.
        """
        while True:
            try:
                return read()
            except TrajectoryError:
                if not any(map(self.is_gone, self.parts)):
                    raise
            self.refresh()

    def is_gone(self, part: str) -> bool:
        """Whether a part was compacted away since it was listed."""
        return part not in seen_parts(self.storage)

    def lost(self, part: str) -> TrajectoryError:
        """Return what tells somebody who reads a part alone that it is gone."""
        return TrajectoryError(
            f"part {part} of {self.path} is gone since the dataset was opened (compacted into another, "
            "or moved aside): load it again",
            path=str(self.path),
            part=part,
        )

    def open(self, table: str, part: str) -> PartFile:
        """Open a table's file of a part; the caller closes it.

        Raises:
            TrajectoryError: It is damaged or gone.
            SchemaVersionError: A newer version wrote it.
        """
        from claudebox_rl.trajectory.reading.file import PartFile

        name = f"{table}/{part}"
        footer, runs = self._known.get(name, (None, None))
        return PartFile(self.storage, name, footer, runs)

    def remember(self, table: str, part: str, file: PartFile) -> None:
        """Keep what is known of a file, for the next time that it is opened."""
        if len(self._known) >= _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[f"{table}/{part}"] = (file.footer, file.known_runs)

    def files_of(self, table: str, part: str) -> tuple[str, ...]:
        """Return the files that may hold rows of a part's episodes: one, unless another tool rewrote the dataset."""
        listed = self._names(table)
        if table == "texts":  # of which version 1 has none
            return (part,) if part in listed else ()
        return (part,) if set(self.parts) <= set(listed) or not listed else listed

    @property
    def has_texts(self) -> bool:
        """Whether long texts were taken out of some of its parts."""
        return bool(self._names("texts"))

    def _names(self, table: str) -> tuple[str, ...]:
        if table not in self._listed:
            with boundary(TrajectoryError, f"can't look into {self.path}", path=str(self.path)):
                self._listed[table] = tuple(filter(is_part, self.storage.names(table)))
        return self._listed[table]

    def _missing(self) -> str:
        journals = journal_folder(self.path)
        waiting = len(list(journals.glob(f"*{SUFFIX}")))
        hint = f"; {waiting} journals in {journals} are not committed" if waiting else ""
        return f"no dataset at {self.path}: looked for {self.storage}/episodes/*.parquet{hint}"
