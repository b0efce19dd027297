"""Which parts count, and readers that a compaction overtakes."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from trajectory_values import UNICODE, journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import Dataset, commit, load_dataset, storage_of
from claudebox_rl.trajectory._folder_storage import FolderStorage
from claudebox_rl.trajectory.live import REPLACES_KEY, live_parts, read_live, seen_parts, span
from claudebox_rl.trajectory.upkeep import compact


def committed(dataset: Path, *names: str) -> list[str]:
    for name in names:
        journal(dataset, record_of(name))
        commit(dataset)
    return [path.name for path in sorted((dataset / "episodes").glob("*.parquet"))]


def replaced_by_hand(dataset: Path, parts: list[str]) -> str:
    """Put all rows into one part that replaces these; the `episodes` file comes last."""
    first, last = span(parts[0]), span(parts[-1])
    assert first
    assert last
    name = f"part-{first[0]}{'0' * 16}-{last[1]}.parquet"
    for table in ("model_calls", "steps", "episodes"):
        rows = pq.ParquetFile(dataset / table / parts[0]).read()
        for part in parts[1:]:
            other = pq.ParquetFile(dataset / table / part).read()
            rows = rows.from_batches([*rows.to_batches(), *other.to_batches()])
        marked = {**(rows.schema.metadata or {}), REPLACES_KEY: json.dumps(parts).encode()}
        pq.write_table(rows.replace_schema_metadata(marked), dataset / table / name)
    return name


def test_a_replaced_part_counts_no_more_whatever_of_it_is_still_there(tmp_path: Path) -> None:
    parts = committed(tmp_path, "a", "b", "c")
    name = replaced_by_hand(tmp_path, parts[:2])
    assert len(seen_parts(FolderStorage(tmp_path))) == 4
    expected = [record_of("a"), record_of("b"), record_of("c")]
    doomed = [tmp_path / table / part for part in parts[:2] for table in ("episodes", "steps", "model_calls")]
    for path in [None, *doomed]:
        if path:
            path.unlink()
        assert live_parts(FolderStorage(tmp_path)) == (name, parts[2])
        assert list(load_dataset(tmp_path)) == expected
        assert load_dataset(tmp_path)["b"] == expected[1]
        assert load_dataset(tmp_path).columns("steps", ["step_index"]).num_rows == 9


def test_a_reader_that_is_overtaken_reads_what_counts_then(tmp_path: Path) -> None:
    parts = committed(tmp_path, "a", "b")
    dataset = load_dataset(tmp_path)  # has read the episodes of the old parts, and nothing else yet
    replaced_by_hand(tmp_path, parts)
    for part in parts:
        (tmp_path / "episodes" / part).unlink()
        (tmp_path / "steps" / part).unlink()
    assert list(dataset) == [record_of("a"), record_of("b")]


def test_a_part_that_vanishes_while_it_is_read(tmp_path: Path) -> None:
    parts = committed(tmp_path, "a", "b")
    tries: list[tuple[str, ...]] = []

    def read(live: tuple[str, ...]) -> tuple[str, ...]:
        tries.append(live)
        if len(tries) == 1:
            replaced_by_hand(tmp_path, parts)
            (tmp_path / "episodes" / parts[0]).unlink()
            raise TrajectoryError("gone")
        return live

    (name,) = read_live(FolderStorage(tmp_path), read)
    assert tries == [tuple(parts), (name,)]


def test_damage_is_told_and_not_taken_for_a_compaction(tmp_path: Path) -> None:
    (part,) = committed(tmp_path, "a")
    (tmp_path / "steps" / part).write_bytes(b"PAR1")
    with pytest.raises(TrajectoryError, match="can't read"):
        _ = Dataset(tmp_path).steps


def test_a_folder_that_changes_while_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "part-000000000001aaaaaaaaaaaaaaaa.parquet", "part-000000000001bbbbbbbbbbbbbbbb-000000000001.parquet"
    listings = iter([{"z.parquet": 0.0}, {new: 0.0, "z.parquet": 0.0}, {new: 0.0, "z.parquet": 0.0}])
    monkeypatch.setattr(FolderStorage, "names", lambda *_: next(listings))
    assert seen_parts(FolderStorage(tmp_path)) == (new, "z.parquet"), "the first listing had neither old nor new"
    assert span(old) == span(new)
    assert span("z.parquet") is None


def test_parts_that_are_read_alone_while_they_are_compacted(tmp_path: Path) -> None:
    for names in ("ab", "cd"):
        for name in names:
            journal(tmp_path, record_of(name, text=UNICODE * 12))
        commit(tmp_path)
    expected = [record_of(name, text=UNICODE * 12) for name in "abcd"]
    dataset = load_dataset(tmp_path)
    copied = pickle.dumps(dataset)
    begun = dataset.part(0, size=1)
    first = next(begun)
    compact(tmp_path)
    assert len(storage_of(tmp_path).names("episodes")) == 1
    assert [record for batch in (first, *begun) for record in batch] == expected[:2], "what is begun is read to its end"
    for opened in (dataset, pickle.loads(copied)):
        assert list(opened) == expected, "this looks which parts there are now"
        assert opened.num_parts == 2, "numbers mean what they meant when it was opened"
        for index in range(opened.num_parts):
            with pytest.raises(TrajectoryError, match="load it again"):
                next(opened.part(index))
    anew = load_dataset(tmp_path)
    assert [record for index in range(anew.num_parts) for batch in anew.part(index) for record in batch] == expected
