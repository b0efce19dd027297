"""Filling a folder of the host: whole files, and no link followed."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from claudebox_rl.sandbox._host_folder import HostFolder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


def test_a_file_gets_its_folders_content_and_mode(place: Path) -> None:
    old = os.umask(0o077)
    try:
        HostFolder(place).write(PurePosixPath("a/b/c"), b"one", 0o754)
    finally:
        os.umask(old)
    assert ((place / "a/b/c").read_bytes(), (place / "a/b/c").stat().st_mode & 0o7777) == (b"one", 0o754)
    assert (place / "a").stat().st_mode & 0o777 == 0o755
    HostFolder(place).write(PurePosixPath("a/b/c"), b"two", 0o4644)
    assert ((place / "a/b/c").read_bytes(), (place / "a/b/c").stat().st_mode & 0o7777) == (b"two", 0o644)
    assert list((place / "a/b").iterdir()) == [place / "a/b/c"]


@pytest.mark.parametrize("inside", ["link/new", "link/old", "loop/x", "file/x", "folder", "", "link/../../x", ".."])
def test_what_can_not_be_is_refused_and_leaves_nothing(place: Path, inside: str) -> None:
    outside = place.parent / "outside"
    outside.mkdir()
    (outside / "old").write_text("old")
    (place / "link").symlink_to(outside)
    (place / "loop").symlink_to("loop")
    (place / "file").write_text("file")
    (place / "folder").mkdir()
    before = sorted(place.parent.rglob("*"))
    with pytest.raises(OSError, match=r"."):
        HostFolder(place).write(PurePosixPath(inside), b"x", 0o644)
    assert sorted(place.parent.rglob("*")) == before
    assert (outside / "old").read_text() == "old"


def test_a_tree_is_copied_without_what_it_can_not_have(place: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub" / "empty").mkdir(parents=True)
    (source / "sub" / "run").write_text("run")
    (source / "sub" / "run").chmod(0o750)
    (source / "to-sub").symlink_to("sub")
    (source / "away").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    HostFolder(place).copy_in(source, PurePosixPath("in"))
    assert sorted(path.name for path in (place / "in").iterdir()) == ["away", "sub", "to-sub"]
    assert (place / "in/away").readlink() == Path("/etc/passwd")
    assert (place / "in/to-sub/run").stat().st_mode & 0o777 == 0o750
    assert (place / "in/sub/empty").is_dir()
    HostFolder(place).copy_in(source, PurePosixPath("in"))
    with pytest.raises(FileNotFoundError):
        HostFolder(place).copy_in(tmp_path / "missing", PurePosixPath("in"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_is_made_is_the_owners(place: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "link").symlink_to(tmp_path)
    folder = HostFolder(place, 12345)
    folder.write(PurePosixPath("a/b"), b"", 0o600)
    folder.copy_in(tmp_path / "source", PurePosixPath("c"))
    assert {path.lstat().st_uid for path in place.rglob("*")} == {12345}
    assert tmp_path.stat().st_uid == 0
