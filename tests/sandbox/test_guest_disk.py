"""Walks over files: what counts, and that they can be made in pieces."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claudebox_rl.sandbox._guest.disk import Walk, folder_bytes


def file_of(path: Path, num_bytes: int) -> int:
    path.write_bytes(b"x" * num_bytes)
    return path.stat().st_blocks * 512


def test_files_count_once_and_links_are_not_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    (folder / "deep" / "deeper").mkdir(parents=True)
    elsewhere.mkdir()
    file_of(elsewhere / "big", 1 << 20)
    empty = folder_bytes([folder])
    grown = file_of(folder / "one", 100_000) + file_of(folder / "deep" / "deeper" / "two", 50_000)
    (folder / "one again").hardlink_to(folder / "one")
    (folder / "link").symlink_to(elsewhere)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    # A link of a long name takes a block.
    assert folder_bytes([folder]) - empty in range(grown, grown + 16384)
    assert folder_bytes([folder, elsewhere]) > 1 << 20
    assert folder_bytes([tmp_path / "missing"]) == 0


def test_sparse_files_count_what_they_take(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert folder_bytes([tmp_path]) < 1 << 20


def test_a_walk_can_be_made_in_pieces(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"file{number}").touch()
    walk, num_pieces = Walk([tmp_path]), 1
    while not walk.go_on(until=0):
        num_pieces += 1
    assert num_pieces > 5
    assert walk.num_bytes == folder_bytes([tmp_path])


def test_what_vanishes_hides_nothing_else(tmp_path: Path) -> None:
    for number in range(200):
        file_of(tmp_path / f"file{number}", 8192)
    walk = Walk([tmp_path])
    assert not walk.go_on(until=0)
    for number in range(0, 200, 2):
        (tmp_path / f"file{number}").unlink()
    assert walk.go_on()
    assert walk.num_bytes >= 100 * 8192


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_closed_folders_count_nothing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    file_of(closed / "file", 1 << 20)
    closed.chmod(0)
    try:
        assert folder_bytes([tmp_path]) < 1 << 20
    finally:
        closed.chmod(0o700)
