"""The texts of parts, found by their ids: one at a time, or many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, bytes_of, int_array, integers, pa, pc, text_array
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.live import is_part
from claudebox_rl.trajectory.texts import digest_of

_RECENT_CHARS = 16 << 20
"""What is asked for again and again, as a talk is, need not be made a string each time."""
_LOOKS = 20
_COLUMNS = ("text_id", "text")
_TYPES = (pa.string(), pa.large_string())


class TextIndex:
    """Finds texts, and holds each against its id. Reads nothing before it is asked.

    Args:
        storage: Where they are.
        own: Gives tables that hold most of what will be asked, and the files that they are of.
        fallback: Asked for what is in none of them; None: other parts are read, one after the other, all that there
            are when they are needed, also when a compaction has moved texts.
    """

    def __init__(
        self,
        storage: Storage,
        own: Callable[[], Iterable[tuple[Table, str]]] | None = None,
        fallback: TextIndex | None = None,
    ) -> None:
        self._storage = storage
        self._own = own
        self._fallback = fallback
        self._read: set[str] = set()
        self._chunks: list[tuple[Any, Any, str]] = []
        self._num_placed = 0
        self._places: dict[str, tuple[Any, int, str]] = {}
        self._sound: set[str] = set()
        self._recent: dict[str, str] = {}
        self._num_recent = 0

    def __call__(self, name: str) -> str:
        """Return a text.

        Raises:
            TrajectoryError: It is not there, or is not what was stored.
        """
        if (recent := self._recent.get(name)) is not None:
            return recent
        for _ in range(_LOOKS):
            if self._is_placed(name) or not self._find(name):
                break
        if not self._is_placed(name):
            if self._fallback is not None:
                return self._fallback(name)
            where = f"{self._storage}/texts"
            raise TrajectoryError(f"text {name} is missing in the {len(self._read)} parts of {where}", path=where)
        texts, row, part = self._places[name]
        if name not in self._sound:
            self._check(text_array(name, pa.string()), texts.slice(row, 1), part)
            self._sound.add(name)
        text: str = texts[row].as_py()
        if self._num_recent > _RECENT_CHARS:
            self._recent, self._num_recent = {}, 0
        self._recent[name] = text
        self._num_recent += len(text)
        return text

    def many(self, names: Any) -> Any:
        """Return texts as an Arrow array of `large_string`.

        Args:
            names: Their ids, an Arrow array in which each is once.

        Raises:
            TrajectoryError: One is not there, or is not what was stored.
        """
        self._take_own()
        places = np.full(len(names), -1, np.int64)
        found: list[Any] = []
        for ids, texts, part in self._chunks:
            missing = np.flatnonzero(places < 0)
            if not len(missing):
                break
            at = pc.index_in(names.take(int_array(missing)), value_set=ids)
            hits = missing[integers(at.is_valid()) > 0]
            places[hits] = np.arange(len(hits)) + sum(map(len, found))
            found.append(_taken(texts, integers(at.drop_null())))
            self._check(names.take(int_array(hits)), found[-1], part)
        missing = np.flatnonzero(places < 0)
        if len(missing):
            places[missing] = np.arange(len(missing)) + sum(map(len, found))
            rest = names.take(int_array(missing))
            found.append(pa.array(map(self, rest.to_pylist()), pa.large_string(), size=len(rest)))
        if len(found) == 1:
            return found[0]
        return pa.concat_arrays(found).take(int_array(places)) if found else pa.nulls(0, pa.large_string())

    def add(self, table: Table, part: str) -> None:
        """Take texts that were read, of the file `part`."""
        with boundary(TrajectoryError, f"can't read {self._storage}/{part}", path=f"{self._storage}/{part}"):
            for batch in table.select(_COLUMNS).to_batches():
                ids, texts = batch.columns
                if (ids.type, texts.type) != _TYPES:  # another tool rewrote the part
                    ids, texts = ids.cast(_TYPES[0]), texts.cast(_TYPES[1])
                self._chunks.append((ids, texts, part))

    def _take_own(self) -> None:
        if self._own is not None:
            own, self._own = self._own, None
            for table, part in own():
                self.add(table, part)

    def _is_placed(self, name: str) -> bool:
        self._take_own()
        for ids, texts, part in self._chunks[self._num_placed :]:
            self._places |= {each: (texts, row, part) for row, each in enumerate(ids.to_pylist())}
        self._num_placed = len(self._chunks)
        return name in self._places

    def _check(self, names: Any, texts: Any, part: str) -> None:
        """Hold texts against their ids."""
        bounds, data = bytes_of(texts)
        content = data.data
        for name, start, stop in zip(names.to_pylist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            if digest_of(content[start:stop]) != name:
                path = f"{self._storage}/{part}"
                raise TrajectoryError(f"{path} is damaged: text {name} is not what was stored", path=path)

    def _find(self, name: str) -> bool:
        """Look for a text in other parts, and tell whether one went meanwhile, so that it must be looked for anew."""
        gone = False
        if self._fallback is not None:
            return gone
        with boundary(TrajectoryError, f"can't look into {self._storage}", path=str(self._storage)):
            there = list(filter(is_part, self._storage.names("texts")))
        for part in there:
            if part not in self._read:
                self._read.add(part)
                try:
                    self.add(parquet.read(self._storage, f"texts/{part}", columns=_COLUMNS), f"texts/{part}")
                except TrajectoryError:
                    if self._storage.has(f"texts/{part}"):
                        raise
                    gone = True  # it was compacted into another
            if self._is_placed(name):
                return False
        return gone


def _taken(texts: Any, at: NDArray[np.int64]) -> Any:
    """Return the texts at these places: without a copy where they are neighbours, as in a scan."""
    if len(at) and at[-1] - at[0] == len(at) - 1 and bool((np.diff(at) == 1).all()):
        return texts.slice(int(at[0]), len(at))
    return texts.take(int_array(at))
