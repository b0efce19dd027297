from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox._spread import spread


def flags_of(folder: Path) -> str:
    listed = subprocess.run(["lsattr", "-d", folder], capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip(f"no lsattr here: {listed.stderr}")
    return listed.stdout.split()[0]


def file_system_of(folder: Path) -> str:
    return subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()


def test_machines_lie_far_apart_on_ext4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if file_system_of(tmp_path) != "ext2/ext3":
        pytest.skip("the folder for temporary files is not on ext4")
    before = flags_of(tmp_path)
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    folder = journal.machines_dir()
    assert "T" in flags_of(folder)
    assert flags_of(folder).replace("T", "-") == before
    assert flags_of(journal.machines_dir()) == flags_of(folder)


def test_another_file_system_is_left_as_it_is() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        before = flags_of(Path(folder))
        spread(Path(folder))
        assert flags_of(Path(folder)) == before


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    spread(tmp_path / "none")
