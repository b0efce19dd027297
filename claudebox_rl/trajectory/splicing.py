"""Texts put back into Arrow arrays, with no Python for each cell.

References are found in an array's bytes by NumPy. What lies between them and the texts that they stand for are then put
in a row by one `take`, of which the bytes are those of the new array. It does what `texts.unfold` and `unfold_text` do.
"""

from __future__ import annotations

import json
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from claudebox_rl.trajectory._arrow import bytes_of, int_array, integers, pa, text_array

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Bools: TypeAlias = NDArray[np.bool_]

_DOLLAR, _QUOTE, _COLON = b'$":'
_BEFORE_KEY = b"{,"
_MARK = b'$text"'
_HEAD, _TAIL = b'{"$text":"', b'"}'
_ID_CHARS = 32
_ID_AT = len(_HEAD) - 2
"""From the dollar on."""
_NONE: Ints = np.zeros(0, np.int64)
_NOTHING: Any = text_array("", pa.large_binary())
_NO_TEXTS: Any = pa.nulls(0, pa.large_string())


class Source(Protocol):
    """Where texts are."""

    def many(self, names: Any) -> Any:
        """Return texts by their ids, Arrow arrays both; see `TextIndex.many`."""
        ...


class Spliced:
    """An array of strings with its texts in their places, made a few rows at a time.

    Args:
        column: An Arrow array of strings as they are stored.
        source: Finds texts.
        is_plain: It holds plain text, as outputs of tools are, rather than JSON.
    """

    def __init__(self, column: Any, source: Source, *, is_plain: bool = False) -> None:
        self._edits = _Edits(column, is_plain=is_plain)
        names = self._edits.names
        self._edits.fill(_plain(names, source) if is_plain else _expanded(names, source))

    @property
    def ends(self) -> Ints:
        """Where each row begins in the bytes of all rows, and where the last one ends."""
        return self._edits.ends

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows as an array of `large_string`."""
        return self._edits.rows(start, stop)


class _Edits:
    """Stretches of an array's bytes that something else stands for.

    Attributes:
        names: The ids of the texts that it refers to, each once.
        ends: Of rows, once it was filled; see `Spliced.ends`.
    """

    def __init__(self, column: Any, *, is_plain: bool = False) -> None:
        self._column = column.cast(pa.large_string())
        self._bounds, self._data = bytes_of(self._column)
        find = _in_text if is_plain else _in_json
        self._starts, self._stops, ids_at = find(self._data, self._bounds)
        is_named = ids_at >= 0
        encoded = _names(self._data, ids_at[is_named]).dictionary_encode()
        self.names: Any = encoded.dictionary
        self._texts: Any = None
        self._which = np.full(len(ids_at), len(self.names), np.int64)
        """Of `_texts`; one more than those is nothing, in the place of a dollar."""
        self._which[is_named] = integers(encoded.indices)
        self.ends = self._bounds

    def fill(self, texts: Any) -> None:
        """Take the texts of `names`."""
        self._texts = texts.cast(pa.large_binary())
        sizes = np.append(np.diff(bytes_of(self._texts)[0]), 0)
        grown = np.cumsum(sizes[self._which] - (self._stops - self._starts))
        self.ends = self._bounds + np.append(0, grown)[np.searchsorted(self._starts, self._bounds)]

    def rows(self, start: int, stop: int) -> Any:
        first, last = np.searchsorted(self._starts, self._bounds[[start, stop]])
        count = int(last - first)
        if not count:
            return self._column.slice(start, stop - start)
        cuts = np.empty(2 * count + 2, np.int64)  # what stays, and what is replaced, in turns
        cuts[0], cuts[-1] = self._bounds[start], self._bounds[stop]
        cuts[1:-1:2], cuts[2:-1:2] = self._starts[first:last], self._stops[first:last]
        buffers = [None, pa.py_buffer(cuts), pa.py_buffer(self._data)]
        stays = pa.Array.from_buffers(pa.large_binary(), 2 * count + 1, buffers)
        order = np.arange(2 * count + 1)
        order[1::2] = self._which[first:last] + 2 * count + 1
        made = pa.concat_arrays([stays, self._texts, _NOTHING]).take(int_array(order))
        bounds = self.ends[start : stop + 1] - self.ends[start]
        buffers = [self._validity(start, stop), pa.py_buffer(bounds), made.buffers()[2] or pa.py_buffer(b"")]
        return pa.Array.from_buffers(pa.large_string(), stop - start, buffers)

    def _validity(self, start: int, stop: int) -> Any:
        if not self._column.null_count:
            return None
        valid = integers(self._column.slice(start, stop - start).is_valid())
        return pa.py_buffer(np.packbits(valid > 0, bitorder="little"))


def _plain(names: Any, source: Source) -> Any:
    """Return texts as what they say; nothing is as quick with a JSON string as `json` is."""
    texts = source.many(names).to_pylist()
    return pa.array(map(json.loads, texts), pa.large_string(), size=len(texts)) if texts else _NO_TEXTS


def _expanded(names: Any, source: Source) -> Any:
    """Return texts in which no other is referred to; a text's id is its hash, so no way of references is a ring."""
    found: list[_Edits] = []
    while len(names):
        found.append(_Edits(source.many(names)))
        names = found[-1].names
    texts = _NO_TEXTS
    for each in reversed(found):
        each.fill(texts)
        texts = each.rows(0, len(each.ends) - 1)
    return texts


def _names(data: Bytes, at: Ints) -> Any:
    content = np.ascontiguousarray(data[at[:, None] + np.arange(_ID_CHARS)]) if len(at) else np.zeros(0, np.uint8)
    bounds = np.arange(len(at) + 1, dtype=np.int32) * _ID_CHARS
    return pa.Array.from_buffers(pa.string(), len(at), [None, pa.py_buffer(bounds), pa.py_buffer(content)])


def _in_json(data: Bytes, bounds: Ints) -> tuple[Ints, Ints, Ints]:
    """Return where replaced stretches begin, where they end, and where their ids are, or -1 for a dollar too many."""
    marks = _marks(data)
    cells = np.searchsorted(bounds, marks, "right") - 1
    is_ref = _are_references(data, marks) & (marks - 2 >= bounds[cells]) & (marks + 42 <= bounds[cells + 1])
    keys = [
        key
        for mark, cell in zip(marks[~is_ref].tolist(), cells[~is_ref].tolist(), strict=True)
        if (key := _own_key(data, mark, int(bounds[cell]))) is not None
    ]
    return _edits(marks[is_ref], np.array(keys, np.int64))


def _in_text(data: Bytes, bounds: Ints) -> tuple[Ints, Ints, Ints]:
    """As `_in_json`, of plain text, which is a reference as a whole or not at all."""
    marks = _marks(data)
    cells = np.searchsorted(bounds, marks, "right") - 1
    is_ref = _are_references(data, marks) & (marks - 2 == bounds[cells]) & (marks + 42 == bounds[cells + 1])
    begins = [
        begin + 2
        for mark, begin in zip(marks[~is_ref].tolist(), bounds[cells[~is_ref]].tolist(), strict=True)
        if _begins_as_reference(data, begin, mark)
    ]
    return _edits(marks[is_ref], np.array(begins, np.int64))


def _edits(refs: Ints, dollars: Ints) -> tuple[Ints, Ints, Ints]:
    if not len(dollars):
        return refs - 2, refs + 42, refs + _ID_AT
    starts = np.concatenate([refs - 2, dollars])
    order = np.argsort(starts)
    stops = np.concatenate([refs + 42, dollars + 1])
    return starts[order], stops[order], np.concatenate([refs + _ID_AT, np.full(len(dollars), -1)])[order]


def _marks(data: Bytes) -> Ints:
    dollars = np.flatnonzero(data == _DOLLAR)
    return dollars[_equal(data, dollars, _MARK)] if len(dollars) else _NONE


def _are_references(data: Bytes, marks: Ints) -> Bools:
    found = _equal(data, marks - 2, _HEAD) & _equal(data, marks + _ID_AT + _ID_CHARS, _TAIL)
    chars = data[marks[found][:, None] + _ID_AT + np.arange(_ID_CHARS)]
    is_hex = ((chars >= ord("0")) & (chars <= ord("9"))) | ((chars >= ord("a")) & (chars <= ord("f")))
    found[found] = is_hex.all(axis=1)
    return found


def _own_key(data: Bytes, mark: int, begin: int) -> int | None:
    """Return where a key begins that has a dollar too many; `mark` is its last dollar."""
    if mark + len(_MARK) >= len(data) or data[mark + len(_MARK)] != _COLON:
        return None
    first = _first_dollar(data, mark, begin)
    is_key = first - 2 >= begin and data[first - 1] == _QUOTE and data[first - 2] in _BEFORE_KEY
    return first if is_key and first < mark else None


def _begins_as_reference(data: Bytes, begin: int, mark: int) -> bool:
    rest = data[mark + len(_MARK) : mark + len(_MARK) + 2].tobytes()
    return (
        rest == b':"' and data[begin : begin + 2].tobytes() == b'{"' and _first_dollar(data, mark, begin) == begin + 2
    )


def _first_dollar(data: Bytes, mark: int, begin: int) -> int:
    while mark > begin and data[mark - 1] == _DOLLAR:
        mark -= 1
    return mark


def _equal(data: Bytes, at: Ints, what: bytes) -> Bools:
    """Return for each place whether these bytes are there."""
    found: Bools = (at >= 0) & (at + len(what) <= len(data))
    for index, byte in enumerate(what):
        found[found] = data[at[found] + index] == byte
    return found
