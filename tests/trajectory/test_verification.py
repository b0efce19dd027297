"""What `verify` finds, and what `repair` makes of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trajectory_values import blob_of, journal, sound_record

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, _disk, commit, load_dataset
from claudebox_rl.trajectory._storage import TABLES
from claudebox_rl.trajectory.upkeep import Problem, repair, verify
from claudebox_rl.trajectory.upkeep.turn import turn
from claudebox_rl.trajectory.workspace.blobs import blob_name, put_blobs


def filled(dataset: Path, *names: str) -> None:
    for name in names:
        journal(dataset, sound_record(name))
        commit(dataset)


def problems(dataset: Path) -> set[tuple[Problem, str | None]]:
    return {(finding.problem, finding.episode_id) for finding in verify(dataset)}


def changed(dataset: Path, table: str, change: object) -> None:
    """Write a part's table anew, with what `change` makes of its rows."""
    (path,) = (dataset / table).glob("*.parquet")
    file = pq.ParquetFile(path)
    rows = change(file.read().to_pylist())  # type: ignore[operator]
    pq.write_table(pa.Table.from_pylist(rows, schema=file.schema_arrow), path)


def test_a_sound_dataset_has_no_findings(tmp_path: Path) -> None:
    filled(tmp_path, "a", "b")
    assert verify(tmp_path) == []
    assert repair(tmp_path).done == ()


def test_rows_that_contradict_each_other(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    changed(tmp_path, "steps", lambda rows: rows[:-1])
    assert problems(tmp_path) == {(Problem.SUM, "a"), (Problem.REFERENCE, "a")}
    changed(tmp_path, "steps", lambda rows: rows[::-1])
    assert (Problem.ORDER, "a") in problems(tmp_path)


@pytest.mark.parametrize("column", ["parent_call_id", "copy_of"])
def test_calls_that_point_nowhere(tmp_path: Path, column: str) -> None:
    filled(tmp_path, "a")
    changed(tmp_path, "model_calls", lambda rows: [rows[0] | {column: "nowhere"}, *rows[1:]])
    (finding,) = verify(tmp_path)
    assert finding.problem is Problem.REFERENCE
    assert "nowhere" in finding.message


def test_texts_that_are_not_there_or_not_what_was_stored(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    changed(tmp_path, "texts", lambda rows: rows[1:])
    assert {problem for problem, _ in problems(tmp_path)} == {Problem.REFERENCE}
    changed(tmp_path, "texts", lambda rows: [row | {"text": "another"} for row in rows])
    assert Problem.DAMAGED in {problem for problem, _ in problems(tmp_path)}


def test_rows_of_no_episode_and_rows_apart(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    changed(tmp_path, "steps", lambda rows: [*rows, rows[0] | {"episode_id": "x"}, rows[0]])
    assert {(Problem.REFERENCE, "x"), (Problem.ORDER, "a")} <= problems(tmp_path)


def test_columns_of_another_type(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    (path,) = (tmp_path / "episodes").iterdir()
    table = pq.ParquetFile(path).read()
    pq.write_table(table.set_column(0, "episode_id", pa.array([b"a"])), path)
    assert Problem.SCHEMA in {problem for problem, _ in problems(tmp_path)}


def test_one_episode_in_two_parts(tmp_path: Path) -> None:
    filled(tmp_path, "a", "a")
    assert (Problem.DOUBLED, "a") in problems(tmp_path)
    assert len(load_dataset(tmp_path)) == 2, "which of them is right, no rule can say"
    assert [finding.problem for finding in repair(tmp_path).left if finding.episode_id] == [Problem.DOUBLED]


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_file_is_moved_aside_with_its_part(tmp_path: Path, table: str) -> None:
    filled(tmp_path, "a")
    (path,) = (tmp_path / table).iterdir()
    filled(tmp_path, "b")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    data = bytearray(path.read_bytes())
    data[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 2] ^= 1
    path.write_bytes(data)
    assert Problem.DAMAGED in {problem for problem, _ in problems(tmp_path)}
    done = repair(tmp_path)
    assert done.left == ()
    assert path.name in done.done[0]
    assert list(load_dataset(tmp_path)) == [sound_record("b")]
    assert len(list(tmp_path.glob("*/*.damaged"))) == len(TABLES), "nothing is deleted"


def test_a_part_without_one_of_its_tables(tmp_path: Path) -> None:
    filled(tmp_path, "a", "b")
    sorted((tmp_path / "steps").iterdir())[0].unlink()
    assert Problem.MISSING_TABLE in {problem for problem, _ in problems(tmp_path)}
    assert repair(tmp_path).left == ()
    assert load_dataset(tmp_path).episode_ids == ("b",)


def test_what_a_crash_left_is_settled(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    with EpisodeJournal(tmp_path, "half") as file:
        file.add_start({"task_id": "t"})
    (tmp_path / "steps" / ".part-1.parquet.inprogress").write_bytes(b"x")
    (part,) = (tmp_path / "steps").glob("part-*")
    torn = part.with_name("part-00000000000100000000000000aa.parquet")
    torn.write_bytes(part.read_bytes())
    assert {problem for problem, _ in problems(tmp_path)} == {Problem.ABANDONED, Problem.TEMPORARY, Problem.ORPHAN}
    assert load_dataset(tmp_path).steps.num_rows == 3, "a torn rename is not seen"
    done = repair(tmp_path)
    assert done.left == ()
    assert len(done.done) == 4
    assert load_dataset(tmp_path).episode_ids == ("a", "half")
    assert not torn.exists()


def test_what_a_living_writer_holds_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    script = """
import sys
from claudebox_rl.trajectory import EpisodeJournal
file = EpisodeJournal(sys.argv[1], "alive")
file.add_start({"task_id": "t"})
print("up", flush=True)
sys.stdin.read()
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin
    assert writer.stdout
    with writer.stdin, writer.stdout:
        assert writer.stdout.readline() == "up\n"
        assert verify(tmp_path) == []
        assert repair(tmp_path).done == ()
        assert (tmp_path / "journal" / "alive.jsonl").exists()
        writer.kill()
        writer.wait()
    assert repair(tmp_path).left == ()
    assert load_dataset(tmp_path).episode_ids == ("a", "alive")


def test_two_writers_with_one_episode_id(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "a"), pytest.raises(TrajectoryError, match="has a journal already"):
        EpisodeJournal(tmp_path, "a")


def test_one_at_a_time(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    with turn(tmp_path), pytest.raises(TrajectoryError, match="put in order"):
        repair(tmp_path)


CONTENT, OTHER = b"content", b"another content"


@pytest.fixture
def with_blobs(tmp_path: Path) -> Path:
    """Two episodes that left a content each."""
    for name, content in (("a", CONTENT), ("b", OTHER)):
        record = sound_record(name)
        files = (blob_of(content), replace(blob_of(b"in the diff", "text"), kind="text"))
        journal(tmp_path, replace(record, episode=replace(record.episode, workspace_files=files)))
        assert not put_blobs(tmp_path, {blob_of(content).sha256 or "": content})
    commit(tmp_path)
    return tmp_path


def blob_path(dataset: Path, content: bytes) -> Path:
    return dataset / blob_name(blob_of(content).sha256 or "")


def test_blobs_that_are_there_and_sound(with_blobs: Path) -> None:
    assert verify(with_blobs) == []
    assert repair(with_blobs).done == ()


def test_a_missing_blob_is_told_of_with_its_episode(with_blobs: Path) -> None:
    blob_path(with_blobs, OTHER).unlink()
    (finding,) = verify(with_blobs)
    assert (finding.problem, finding.episode_id) == (Problem.REFERENCE, "b")
    assert repair(with_blobs).left == (finding,)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (pa.compress(OTHER, codec="zstd", asbytes=True), "another hash"),
        (pa.compress(bytes(1 << 24), codec="zstd", asbytes=True), "another hash"),
        (pa.compress(CONTENT, codec="zstd", asbytes=True)[:-4], "hash|decompressed"),
        (b"no frame", "decompressed"),
        (b"", "hash|decompressed"),
    ],
)
def test_a_damaged_blob_is_moved_aside_and_stored_anew(with_blobs: Path, stored: bytes, message: str) -> None:
    path = blob_path(with_blobs, CONTENT)
    path.write_bytes(stored)
    (finding,) = verify(with_blobs)
    assert (finding.problem, finding.episode_id) == (Problem.DAMAGED, "a")
    assert re.search(message, finding.message)
    done = repair(with_blobs)
    assert path.name in done.done[0]
    assert [each.problem for each in done.left] == [Problem.REFERENCE]
    assert path.with_name(f"{path.name}.damaged").read_bytes() == stored, "nothing is deleted"
    assert not put_blobs(with_blobs, {path.name: CONTENT})
    assert verify(with_blobs) == []


def test_a_hash_that_is_none_is_never_a_path(tmp_path: Path) -> None:
    record = sound_record("a")
    files = (replace(blob_of(CONTENT), sha256="../../secret"),)
    journal(tmp_path, replace(record, episode=replace(record.episode, workspace_files=files)))
    commit(tmp_path)
    (tmp_path / "secret").write_bytes(b"x")
    (finding,) = verify(tmp_path)
    assert (finding.problem, finding.where) == (Problem.REFERENCE, "episodes")


def test_files_that_were_begun_are_removed_where_nobody_writes_them(with_blobs: Path) -> None:
    folder = blob_path(with_blobs, CONTENT).parent
    (with_blobs / "rescores").mkdir()
    begun = [path / ".x.1234.inprogress" for path in (folder, with_blobs / "rescores", with_blobs)]
    for path in begun:
        path.write_bytes(b"half")
    held = folder / ".held.5678.inprogress"
    fd = _disk.create_locked(held)
    try:
        assert sorted(finding.where for finding in verify(with_blobs)) == sorted(map(str, begun))
        assert repair(with_blobs).left == ()
        assert held.exists(), "its writer lives"
    finally:
        os.close(fd)
    assert not any(path.exists() for path in begun)
    assert [finding.problem for finding in verify(with_blobs)] == [Problem.TEMPORARY]
