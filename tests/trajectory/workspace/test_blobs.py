"""Contents by their hash: written once, by any number of writers, and held against the hash when read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory._folder_storage import FolderStorage
from claudebox_rl.trajectory._storage import storage_of
from claudebox_rl.trajectory.workspace.blobs import (
    blob_name,
    put_blobs,
    read_blob,
    without,
)
from claudebox_rl.workspace_types import WorkspaceFile, WorkspaceState

CONTENTS = [b"", b"\0" * 100_000, bytes(range(256)) * 7]
BLOBS = {hashlib.sha256(content).hexdigest(): content for content in CONTENTS}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_each_content_is_one_file_that_is_written_once(tmp_path: Path) -> None:
    assert not put_blobs(tmp_path, BLOBS)
    first = {path: path.stat().st_mtime_ns for path in files(tmp_path)}
    assert {path.name for path in first} == set(BLOBS)
    assert all(path.parent.name == path.name[:2] for path in first)
    assert not put_blobs(tmp_path, BLOBS)
    assert {path: path.stat().st_mtime_ns for path in files(tmp_path)} == first
    for sha256, content in BLOBS.items():
        assert read_blob(storage_of(tmp_path), sha256, len(content)) == content


def test_writers_at_the_same_time_leave_whole_files_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(put_blobs, [tmp_path] * 32, [BLOBS] * 32)) == {frozenset()}
    assert {path.name for path in files(tmp_path)} == set(BLOBS)
    assert all(read_blob(storage_of(tmp_path), sha256, len(c)) == c for sha256, c in BLOBS.items())


def test_an_object_store_takes_them_too(object_store: Callable[[str], str]) -> None:
    uri = object_store("blobs-of-episodes")
    assert not put_blobs(uri, BLOBS)
    assert not put_blobs(uri, BLOBS)
    assert all(read_blob(storage_of(uri), sha256, len(c)) == c for sha256, c in BLOBS.items())


def test_a_missing_or_damaged_one_is_named(tmp_path: Path) -> None:
    sha256, content = list(BLOBS.items())[1]
    with pytest.raises(TrajectoryError, match="is missing"):
        read_blob(storage_of(tmp_path), sha256, len(content))
    put_blobs(tmp_path, BLOBS)
    path = tmp_path / blob_name(sha256)
    path.write_bytes((tmp_path / blob_name(list(BLOBS)[2])).read_bytes())
    with pytest.raises(TrajectoryError, match=sha256):
        read_blob(storage_of(tmp_path), sha256, len(content))


def test_what_could_not_be_stored_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FolderStorage, "write_new", full)
    failed = put_blobs(tmp_path, BLOBS)
    assert failed == set(BLOBS)
    kinds = ("blob", "archive", "text")
    rows = tuple(WorkspaceFile(name, 0o644, 0, name, kind) for name, kind in zip(BLOBS, kinds, strict=True))
    state = without(WorkspaceState("", rows, 1, BLOBS), failed)
    assert [file.kind for file in state.files] == ["left_out", "left_out", "text"]
    assert state.num_left_out == 3
