"""What is spliced by whole columns is what `unfold` makes of each cell."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory._storage import storage_of
from claudebox_rl.trajectory.joining import joined
from claudebox_rl.trajectory.rows import dump
from claudebox_rl.trajectory.splicing import Spliced
from claudebox_rl.trajectory.text_index import TextIndex
from claudebox_rl.trajectory.texts import Texts, text_id, unfold, unfold_text

ODD = (
    '{"$text":"',
    '{"$text":"0123456789abcdef0123456789abcdef"}',
    '{"$$text":"x"}',
    '"$$text":',
    '$text"',
    "\\",
    '"',
    "\n\x1b[0m\u0080é🦀",
    "$",
    "",
)
texts = st.lists(st.sampled_from(ODD) | st.text(max_size=5), max_size=4).map("".join)
some = st.tuples(texts, st.sampled_from((0, 0, 300, 600, 1200))).map(lambda pair: pair[0] + "z" * pair[1] + pair[0])
keys = st.sampled_from(("$text", "$$text", "$$$text", "content", "$")) | texts
values = st.recursive(
    some | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


class Held(dict[str, str]):
    def many(self, names: pa.Array) -> pa.Array:
        return pa.array([self[name] for name in names.to_pylist()], pa.large_string())


def parted(array: pa.Array, source: Held, *, is_plain: bool) -> list[str | None]:
    column = Spliced(array, source, is_plain=is_plain)
    assert len(column.ends) == len(array) + 1
    found = [value for row in range(len(array)) for value in column.rows(row, row + 1).to_pylist()]
    whole = column.rows(0, len(array))
    whole.validate(full=True)
    assert whole.to_pylist() == found
    assert int(column.ends[-1]) == sum(len(value.encode()) for value in found if value is not None)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.fixed_dictionaries({"messages": st.lists(values, max_size=3)}), max_size=5), st.data())
def test_columns_of_json(asked: list[object], data: st.DataObject) -> None:
    kept = Texts()
    cells = [None if value is None else kept.fold(dump(value)) for value in asked]
    start = data.draw(st.integers(0, len(cells)))
    array = pa.array(cells, pa.large_string()).slice(start)
    expected = [None if cell is None else unfold(cell, kept.by_id.__getitem__) for cell in cells[start:]]
    assert parted(array, Held(kept.by_id), is_plain=False) == expected
    assert [None if cell is None else json.loads(cell) for cell in expected] == asked[start:]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | some, max_size=6), st.data())
def test_columns_of_plain_text(given: list[str | None], data: st.DataObject) -> None:
    kept = Texts()
    cells = [None if value is None else kept.fold_text(value) for value in given]
    start = data.draw(st.integers(0, len(cells)))
    array = pa.array(cells, pa.string()).slice(start)
    assert parted(array, Held(kept.by_id), is_plain=True) == given[start:]
    assert [None if cell is None else unfold_text(cell, kept.by_id.__getitem__) for cell in cells] == given


def test_text_that_looks_like_a_reference_over_two_cells_is_none() -> None:
    name = "0123456789abcdef" * 2
    halves = ['{"', f'$text":"{name}"}}', f'{{"$text":"{name}"}} ', f' {{"$text":"{name}"}}']
    assert parted(pa.array(halves, pa.large_string()), Held(), is_plain=True) == [
        unfold_text(half, Held().__getitem__) for half in halves
    ]


def test_values_that_lie_deep_and_are_long_at_each_level() -> None:
    value: object = "end"
    for level in range(400):
        value = [f"{level}" + "x" * 600, value]
    kept, text = Texts(), _dumped(value)
    folded = kept.fold(text)
    assert len(kept.by_id) > 400
    assert parted(pa.array([folded], pa.large_string()), Held(kept.by_id), is_plain=False) == [text]


def _dumped(value: object) -> str:
    begin, end = [], []
    while isinstance(value, list):
        begin.append(f"[{json.dumps(value[0])},")
        end.append("]")
        value = value[1]
    return "".join([*begin, json.dumps(value), *end])


def test_pieces_have_some_megabytes_and_every_row_once() -> None:
    text = json.dumps("y" * (3 << 20))
    ref = f'{{"$text":"{text_id(text)}"}}'
    table = pa.table({"request": pa.array([f"[{ref},{row}]" for row in range(40)], pa.large_string())})
    pieces = list(joined(table, Held({text_id(text): text})))
    assert all(piece.nbytes <= 17 << 20 for piece in pieces)
    assert len(pieces) == 8
    assert [json.loads(cell)[1] for piece in pieces for cell in piece["request"].to_pylist()] == list(range(40))


def test_texts_are_held_against_their_ids_once_each_way(tmp_path: Path) -> None:
    name = text_id('"right"')
    wrong = pa.table({"text_id": [name], "text": pa.array(['"wrong"'], pa.large_string())})
    for asked in (lambda index: index.many(pa.array([name])), lambda index: index(name)):
        with pytest.raises(TrajectoryError, match=r"texts/p\.parquet is damaged: text .* is not what was stored"):
            asked(TextIndex(storage_of(tmp_path), lambda: [(wrong, "texts/p.parquet")]))
        with pytest.raises(TrajectoryError, match="is missing in the 0 parts"):
            asked(TextIndex(storage_of(tmp_path)))
