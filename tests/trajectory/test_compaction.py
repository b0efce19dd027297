"""Compaction: what it makes, what others see meanwhile, and what its kill leaves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from golden_values import GOLDEN, told
from trajectory_values import journal, record_of

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.trajectory import SCHEMA_VERSION, EpisodeRecord, commit, load_dataset, storage_of
from claudebox_rl.trajectory._folder_storage import FolderStorage
from claudebox_rl.trajectory._storage import TABLES, Storage, journal_folder
from claudebox_rl.trajectory.live import is_compacted, replaces
from claudebox_rl.trajectory.upkeep import compact, plan
from claudebox_rl.trajectory.upkeep.clearing import drop
from claudebox_rl.trajectory.upkeep.source import Source, version_of
from claudebox_rl.trajectory.upkeep.turn import turn

HERE = Path(__file__).parent
PYTHONPATH = os.pathsep.join([str(HERE), str(HERE.parents[1])])


def filled(dataset: str | Path, *names: str) -> list[EpisodeRecord]:
    """Commit each episode on its own."""
    for name in names:
        journal(dataset, record_of(name))
        commit(dataset)
    return [record_of(name) for name in names]


def test_small_parts_become_one_and_nothing_else_changes(tmp_path: Path) -> None:
    expected = filled(tmp_path, "a", "b", "c")
    done = compact(tmp_path)
    assert (done.parts_before, done.parts_after) == (3, 1)
    assert done.bytes_after < done.bytes_before
    assert list(load_dataset(tmp_path)) == expected
    assert {table: len(list((tmp_path / table).iterdir())) for table in TABLES} == dict.fromkeys(TABLES, 1)
    again = compact(tmp_path)
    assert (again.parts_before, again.bytes_before) == (1, done.bytes_after) == (again.parts_after, again.bytes_after)


@pytest.mark.parametrize("is_in_many_parts", [True, False])
def test_what_episodes_of_a_part_say_nearly_alike_takes_room_once(tmp_path: Path, is_in_many_parts: bool) -> None:
    said = os.urandom(750_000).hex()  # no codec makes less than half of it
    for name in ("a", "b", "c"):
        journal(tmp_path, record_of(name, num_steps=1, text=f"{name}{said}"))
        if is_in_many_parts:
            commit(tmp_path)
    commit(tmp_path)
    compact(tmp_path)
    (texts,) = (tmp_path / "texts").glob("*.parquet")
    assert len(said) / 2 < texts.stat().st_size < len(said)


def test_later_commits_are_compacted_with_what_was_compacted(tmp_path: Path) -> None:
    expected = filled(tmp_path, "a", "b")
    compact(tmp_path)
    (first,) = storage_of(tmp_path).names("episodes")
    expected += filled(tmp_path, "c")
    compact(tmp_path)
    (second,) = storage_of(tmp_path).names("episodes")
    assert is_compacted(second)
    named = replaces(FolderStorage(tmp_path), second)
    assert first in named
    assert len(named) == 4, "a server may bring back what was put late: names of a day stay forbidden"
    assert list(load_dataset(tmp_path)) == expected


def test_many_parts_are_put_together_by_a_few_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "PARTS_AT_ONCE", 3)
    expected = filled(tmp_path, *"abcdefgh")
    sizes = dict.fromkeys(storage_of(tmp_path).names("episodes"), 1)
    assert list(map(len, plan.neighbours(list(sizes), sizes, 100, lambda part: 1))) == [3, 3, 2]
    done = compact(tmp_path)
    assert (done.parts_before, done.parts_after) == (8, 1)
    assert list(load_dataset(tmp_path)) == expected


def test_what_is_committed_meanwhile_is_left_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = filled(tmp_path, "a", "b")
    names = iter("cdefgh")

    def busy(storage: Storage, parts: Iterable[str]) -> None:
        drop(storage, parts)
        filled(tmp_path, next(names))

    monkeypatch.setattr("claudebox_rl.trajectory.upkeep.compaction.drop", busy)
    assert compact(tmp_path).parts_after == 2
    assert compact(tmp_path).parts_after == 2
    assert list(load_dataset(tmp_path)) == [*expected, record_of("c"), record_of("d")]


def test_parts_of_an_older_version_become_one_of_that_version(tmp_path: Path) -> None:
    """Of a golden dataset that was written without texts, beside parts of today."""
    shutil.copytree(GOLDEN / "v1", tmp_path, dirs_exist_ok=True)
    before = list(map(told, load_dataset(tmp_path)))
    filled(tmp_path, "a", "b")
    done = compact(tmp_path)
    assert (done.parts_before, done.parts_after) == (4, 2)
    names = storage_of(tmp_path).names("episodes")
    versions = [version_of(Source(storage_of(tmp_path), name)) for name in names]
    assert versions == [1, SCHEMA_VERSION]
    assert len(storage_of(tmp_path).names("texts")) == 1
    found = list(map(told, load_dataset(tmp_path)))
    assert found == [*before, *map(told, map(record_of, "ab"))]
    dataset = load_dataset(tmp_path)
    assert [told(dataset[episode_id]) for episode_id in dataset.episode_ids] == found
    assert compact(tmp_path).parts_before == 2


def test_large_parts_stay_and_order_is_kept(tmp_path: Path) -> None:
    journal(tmp_path, record_of("a"))
    commit(tmp_path)
    journal(tmp_path, record_of("large", text=os.urandom(100_000).hex()))
    commit(tmp_path)
    large = set(storage_of(tmp_path).names("episodes"))
    filled(tmp_path, "b", "c")
    done = compact(tmp_path, target_bytes=1 << 17)
    assert (done.parts_before, done.parts_after) == (4, 3)
    assert len(large & set(storage_of(tmp_path).names("episodes"))) == 2
    assert load_dataset(tmp_path).episode_ids == ("a", "large", "b", "c")


def test_on_a_filesystem_of_fsspec(tmp_path: Path) -> None:
    uri = f"fsspec+local://{tmp_path}/data"
    expected = filled(uri, "a", "b")
    assert compact(uri).parts_after == 1
    assert list(load_dataset(uri)) == expected
    assert {len(storage_of(uri).names(table)) for table in TABLES} == {1}


def test_a_server_that_loses_more_than_it_is_told_to_is_refused(object_store: Callable[[str], str]) -> None:
    uri = object_store("compacted")
    expected = filled(uri, "a", "b")
    with pytest.raises(TrajectoryError, match="loses other files"):
        compact(uri)
    assert list(load_dataset(uri)) == expected


def test_one_at_a_time(tmp_path: Path) -> None:
    filled(tmp_path, "a", "b")
    with turn(tmp_path), pytest.raises(TrajectoryError, match="is put in order by process"):
        compact(tmp_path)
    assert compact(tmp_path).parts_after == 1


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="target_bytes"):
        compact(tmp_path, target_bytes=0)
    filled(tmp_path, "a", "b")
    damaged = next((tmp_path / "steps").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(TrajectoryError, match=damaged.name):
        compact(tmp_path)
    assert len(list((tmp_path / "episodes").iterdir())) == 2, "a damaged part is no reason to lose another"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB; needs root on Linux."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "claudebox-upkeep", str(mount)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def test_a_full_disk_leaves_the_dataset_as_it_is(small_disk: Path) -> None:
    dataset = small_disk / "data"
    expected = filled(dataset, "a", "b")
    compact(dataset, target_bytes=1)  # makes what it needs beside the parts
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(TrajectoryError, match="No space left"):
        compact(dataset)
    assert list(load_dataset(dataset)) == expected
    filler.unlink()
    assert compact(dataset).parts_after == 1
    assert list(load_dataset(dataset)) == expected
    assert not list(dataset.rglob(".*.inprogress"))


def test_a_claim_whose_part_was_compacted_away_is_not_committed_anew(tmp_path: Path) -> None:
    journal(tmp_path, record_of("a"))
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "journal", kept)
    commit(tmp_path)
    (part,) = storage_of(tmp_path).names("episodes")
    expected = [record_of("a"), *filled(tmp_path, "b")]
    compact(tmp_path)
    # As a committer leaves it that is killed before it has removed its claim.
    kept.rename(tmp_path / "journal" / part.replace("part-", "commit-").removesuffix(".parquet"))
    assert commit(tmp_path) == 0
    assert list(load_dataset(tmp_path)) == expected
    assert not list(journal_folder(tmp_path).glob("commit-*"))


_KILLED = """
import shutil, sys
from pathlib import Path
import claudebox_rl.trajectory.upkeep.rewriting
from claudebox_rl.trajectory.upkeep import compact
from kill_points import kill_at_every_point

original, copies = map(Path, sys.argv[1:])
calls = ("rename", "replace", "unlink", "mkdir", "fsync")
kill_at_every_point(copies, lambda dataset: shutil.copytree(original, dataset), compact, calls)
"""


def test_a_compaction_killed_at_any_point_loses_and_doubles_nothing(tmp_path: Path) -> None:
    original = tmp_path / "original"
    expected = filled(original, "a", "b")
    copies = tmp_path / "copies"
    subprocess.run(
        [sys.executable, "-c", _KILLED, original, copies],
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
        check=True,
        timeout=60,
    )
    states: set[int] = set()
    for dataset in sorted(copies.iterdir()):
        states.add(len(list((dataset / "episodes").glob("*.parquet"))))
        assert list(load_dataset(dataset)) == expected, dataset.name
        assert compact(dataset).parts_after == 1
        assert list(load_dataset(dataset)) == expected, dataset.name
        assert {len(list((dataset / table).glob("*"))) for table in TABLES} == {1}
        assert not list(dataset.rglob(".*.inprogress"))
    assert states == {1, 2, 3}, "before, between and after"


@pytest.mark.parametrize("num_puts", [1, len(TABLES)])
def test_a_compaction_of_objects_that_is_killed(tmp_path: Path, num_puts: int) -> None:
    uri = f"fsspec+local://{tmp_path}/data"
    expected = filled(uri, "a", "b")
    killer = f"""
import os, signal
from claudebox_rl.trajectory._remote_storage import RemoteStorage
from claudebox_rl.trajectory.upkeep import compact
write, left = RemoteStorage._write, {num_puts}
def counted(self, name, fill):
    global left
    if left == 0 or name.startswith("episodes") and {num_puts} == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= ".parquet" in name
    write(self, name, fill)
RemoteStorage._write = counted
RemoteStorage.check_removal = lambda self: None
RemoteStorage.delete = lambda self, name: os.kill(os.getpid(), signal.SIGKILL)
compact({uri!r})
"""
    killed = subprocess.run(
        [sys.executable, "-c", killer], env=os.environ | {"PYTHONPATH": PYTHONPATH}, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert list(load_dataset(uri)) == expected
    assert compact(uri).parts_after == 1
    assert list(load_dataset(uri)) == expected
    assert {len(storage_of(uri).names(table)) for table in TABLES} == {1}
