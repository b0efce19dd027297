"""The texts of parts, found by their ids and put back where they belong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, pa, pc
from claudebox_rl.trajectory._storage import TEXTS_SINCE, Storage
from claudebox_rl.trajectory.live import is_part
from claudebox_rl.trajectory.texts import Lookup, escape, escape_text, text_id, text_ids, unfold, unfold_text

_JSON = ("request", "response", "observation")
_FIELDS = {"input": False, "output": True}
"""Of `tool_calls`: whether it is plain text."""
_RECENT_CHARS = 16 << 20
"""What is asked for again and again, as a talk is, need not be made a string each time."""
_MARK = '$text"'
_LOOKS = 20


class TextIndex:
    """The texts of a dataset. Each part is read when an id is in none of those before it.

    Args:
        storage: Where they are.
        parts: Names of parts; None: all that there are when they are needed, also when a compaction has moved texts.
        episode_id: Reads only the row groups that may hold what this episode uses; None: all.
        fallback: Asked last.
    """

    def __init__(
        self,
        storage: Storage,
        parts: Sequence[str] | None = None,
        episode_id: str | None = None,
        fallback: Lookup | None = None,
    ) -> None:
        self._storage = storage
        self._parts = parts
        self._read: set[str] = set()
        self._episode_id = episode_id
        self._fallback = fallback
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
            if name in self._places or not self._find(name):
                break
        if name not in self._places:
            if self._fallback is not None:
                return self._fallback(name)
            where = f"{self._storage}/texts"
            raise TrajectoryError(f"text {name} is missing in the {len(self._read)} parts of {where}", path=where)
        column, row, part = self._places[name]
        text: str = column[row].as_py()
        if name not in self._sound:
            if text_id(text) != name:
                path = f"{self._storage}/{part}"
                raise TrajectoryError(f"{path} is damaged: text {name} is not what was stored", path=path)
            self._sound.add(name)
        if self._num_recent > _RECENT_CHARS:
            self._recent, self._num_recent = {}, 0
        self._recent[name] = text
        self._num_recent += len(text)
        return text

    def _find(self, name: str) -> bool:
        """Look for a text, and tell whether a part went meanwhile, so that it must be looked for anew."""
        gone = False
        with boundary(TrajectoryError, f"can't look into {self._storage}", path=str(self._storage)):
            there = list(filter(is_part, self._storage.names("texts"))) if self._parts is None else self._parts
        for part in there:
            if part not in self._read:
                self._read.add(part)
                try:
                    self._load(f"texts/{part}")
                except TrajectoryError:
                    if self._storage.has(f"texts/{part}"):
                        raise
                    # It was compacted into another, or has never been: version 1 has no texts.
                    gone = self._parts is None
            if name in self._places:
                return False
        return gone

    def _load(self, part: str) -> None:
        self.add(parquet.read(self._storage, part, self._episode_id, ["text_id", "text"]), part)

    def add(self, table: Table, part: str) -> None:
        """Take texts that were read, of the file `part`."""
        with boundary(TrajectoryError, f"can't read {self._storage}/{part}", path=f"{self._storage}/{part}"):
            start = 0
            for chunk in table["text"].chunks:
                ids = table["text_id"].slice(start, len(chunk)).to_pylist()
                self._places |= {name: (chunk, row, part) for row, name in enumerate(ids)}
                start += len(chunk)


def read(
    storage: Storage, part: str, episode_id: str | None, columns: Sequence[str] | None, *, has_texts: bool
) -> Table:
    """Read a part as `joined` takes it, whatever its version; see `parquet.read`.

    Args:
        storage: Where it is.
        part: Its name.
        episode_id: Reads only row groups that may hold it; None: all.
        columns: None: all.
        has_texts: Whether there are texts in this dataset; says what a part is that does not know its version.
    """
    table = parquet.read(storage, part, episode_id, columns)
    version = parquet.version_of(table) or (TEXTS_SINCE if has_texts else 1)
    return escaped(table) if version < TEXTS_SINCE else table


def joined(table: Table, lookup: Lookup) -> Table:
    """Return a table with its long texts in their places."""
    return _mapped(table, lambda value: unfold(value, lookup), lambda value: unfold_text(value, lookup))


def escaped(table: Table) -> Table:
    """Return a table of version 1 as `joined` takes it."""
    return _mapped(table, escape, escape_text)


def _mapped(table: Table, json: Callable[[str], str], text: Callable[[str], str]) -> Table:
    for name in _JSON:
        if name in table.column_names and _is_marked(table[name]):
            column = pa.chunked_array([_strings(chunk, json) for chunk in table[name].chunks])
            table = table.set_column(table.column_names.index(name), name, column)
    if "tool_calls" in table.column_names:
        chunks = [_tool_calls(chunk, json, text) for chunk in table["tool_calls"].chunks]
        index, field = table.column_names.index("tool_calls"), table.schema.field("tool_calls")
        table = table.set_column(index, field.name, pa.chunked_array(chunks, None if chunks else field.type))
    return table


def _tool_calls(chunk: Any, json: Callable[[str], str], text: Callable[[str], str]) -> Any:
    """Return a chunk of lists of structs with the texts of two fields changed."""
    calls = chunk.flatten()
    fields = {field.name: calls.field(index) for index, field in enumerate(calls.type)}
    marked = [name for name in _FIELDS if name in fields and _is_marked(fields[name])]
    if not marked:
        return chunk
    for name in marked:
        fields[name] = _strings(fields[name], text if _FIELDS[name] else json)
    changed = pa.StructArray.from_arrays(list(fields.values()), list(fields))
    lengths = pc.fill_null(pc.list_value_length(chunk), 0)
    offsets = pa.array([0, *pc.cumulative_sum(lengths).to_pylist()], pa.int32())
    return pa.ListArray.from_arrays(offsets, changed, mask=chunk.is_null() if chunk.null_count else None)


def references(table: Table) -> set[str]:
    """Return the ids of the texts that a stored table refers to, in rows or in texts themselves."""
    columns = [table[name] for name in (*_JSON, "text") if name in table.column_names]
    if "tool_calls" in table.column_names:
        for chunk in table["tool_calls"].chunks:
            calls = chunk.flatten()
            names = {field.name: index for index, field in enumerate(calls.type)}
            columns += [calls.field(names[name]) for name in _FIELDS if name in names]
    found: set[str] = set()
    for column in filter(_is_marked, columns):
        found.update(*(text_ids(value) for value in column.to_pylist() if value))
    return found


def _is_marked(column: Any) -> bool:
    return bool(pc.any(pc.match_substring(column, _MARK), min_count=0).as_py())


def _strings(chunk: Any, change: Callable[[str], str]) -> Any:
    values = (None if value is None else change(value) for value in chunk.to_pylist())
    return pa.array(values, pa.large_string(), size=len(chunk))
