"""Tables with their long texts in their places, in pieces that memory holds; and those of older versions."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

import numpy as np

from claudebox_rl.trajectory._arrow import Table, int_array, integers, pa, pc, whole
from claudebox_rl.trajectory.splicing import Ints, Source, Spliced
from claudebox_rl.trajectory.texts import escape, escape_text, text_ids

_JSON = ("request", "response", "observation")
_FIELDS = {"input": False, "output": True}
"""Of `tool_calls`: whether it is plain text."""
_MARK = '$text"'
_PIECE_BYTES = 16 << 20


class _Column(Protocol):
    """A column that can be made some rows at a time."""

    @property
    def ends(self) -> Ints:
        """How many bytes of text the rows before each row have, and all of them."""
        ...

    def rows(self, start: int, stop: int) -> Any:
        """Return some of its rows as an Arrow array."""
        ...


class _ToolCalls:
    """Lists of structs, of which some fields are `Spliced`."""

    def __init__(self, column: Any, source: Source) -> None:
        self._column = column
        self._calls = column.flatten()
        lengths = integers(pc.fill_null(pc.list_value_length(column), 0))
        self._bounds = np.append(0, np.cumsum(lengths, dtype=np.int64))
        self._names = [field.name for field in self._calls.type]
        self._spliced = {
            index: Spliced(self._calls.field(index), source, is_plain=_FIELDS[name])
            for index, name in enumerate(self._names)
            if name in _FIELDS
        }

    @property
    def ends(self) -> Ints:
        """See `_Column`."""
        ends = np.zeros(len(self._bounds), np.int64)
        for each in self._spliced.values():
            ends += each.ends[self._bounds]
        return ends

    def rows(self, start: int, stop: int) -> Any:
        """See `_Column`."""
        first, last = int(self._bounds[start]), int(self._bounds[stop])
        fields = [
            self._spliced[index].rows(first, last)
            if index in self._spliced
            else self._calls.field(index).slice(first, last - first)
            for index in range(len(self._names))
        ]
        calls = pa.StructArray.from_arrays(fields, self._names)
        bounds = int_array(self._bounds[start : stop + 1] - first).cast(pa.int32())
        chosen = self._column.slice(start, stop - start)
        return pa.ListArray.from_arrays(bounds, calls, mask=chosen.is_null() if chosen.null_count else None)


def joined(table: Table, source: Source) -> Generator[Table]:
    """Yield a table with its long texts in their places, in pieces of some megabytes of them.

    Args:
        table: As it is stored, in today's version.
        source: Finds texts.
    """
    columns = {name: _column(whole(table[name]), source) for name in _marked(table)}
    ends = np.zeros(table.num_rows + 1, np.int64)
    for column in columns.values():
        ends += column.ends
    start = 0
    while start < table.num_rows:
        stop = max(start + 1, int(ends.searchsorted(ends[start] + _PIECE_BYTES, "right")) - 1)
        piece = table.slice(start, stop - start)
        for name, column in columns.items():
            piece = piece.set_column(piece.column_names.index(name), name, column.rows(start, stop))
        yield piece
        start = stop


def has_references(table: Table) -> bool:
    """Whether a stored table may have texts to be put into their places."""
    return bool(_marked(table))


def _marked(table: Table) -> list[str]:
    names = [name for name in _JSON if name in table.column_names and _is_marked(table[name])]
    if "tool_calls" in table.column_names and any(map(_is_marked, _fields(table["tool_calls"]))):
        names.append("tool_calls")
    return names


def _column(column: Any, source: Source) -> _Column:
    return _ToolCalls(column, source) if pa.types.is_list(column.type) else Spliced(column, source)


def _fields(column: Any) -> list[Any]:
    """Return the fields of `tool_calls` that may refer to texts, a chunk each."""
    found = [(chunk.flatten(), field.name) for chunk in column.chunks for field in column.type.value_type]
    return [calls.field(name) for calls, name in found if name in _FIELDS]


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
        columns += _fields(table["tool_calls"])
    found: set[str] = set()
    for column in filter(_is_marked, columns):
        found.update(*(text_ids(value) for value in column.to_pylist() if value))
    return found


def _is_marked(column: Any) -> bool:
    return bool(pc.any(pc.match_substring(column, _MARK), min_count=0).as_py())


def _strings(chunk: Any, change: Callable[[str], str]) -> Any:
    values = (None if value is None else change(value) for value in chunk.to_pylist())
    return pa.array(values, pa.large_string(), size=len(chunk))
