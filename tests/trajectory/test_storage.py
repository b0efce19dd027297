"""Datasets on a real object store server, on filesystems of fsspec, and in folders by their URI."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, commit, load_dataset, recover
from claudebox_rl.trajectory._remote_storage import RemoteStorage
from claudebox_rl.trajectory._storage import journal_folder, storage_of

HERE = Path(__file__).parent
ObjectStore = Callable[[str], str]


def test_what_was_journaled_is_read_from_the_object_store(object_store: ObjectStore) -> None:
    uri = object_store("whole")
    records = [record_of("a"), record_of("b", num_steps=0)]
    for record in records:
        journal(uri, record)
    assert commit(uri) == 2
    assert commit(uri) == 0
    dataset = load_dataset(uri)
    assert list(dataset) == records
    assert dataset["b"] == records[1]
    assert list(journal_folder(uri).glob("*.jsonl")) == []
    assert set(storage_of(uri).names("episodes")) == set(storage_of(uri).names("steps"))


def test_a_dataset_that_is_not_there_is_told_by_its_uri(object_store: ObjectStore) -> None:
    with pytest.raises(TrajectoryError, match="no dataset at s3://bucket/nothing"):
        load_dataset(object_store("nothing"))


def test_an_object_store_that_is_down_keeps_the_journals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    uri = "s3://bucket/down?endpoint_override=127.0.0.1:9&scheme=http&region=us-east-1"
    journal(uri, record_of("e"))
    with pytest.raises(TrajectoryError, match="finished episodes stay in"):
        commit(uri)
    assert [path.name for path in journal_folder(uri).glob("commit-*/*")] == ["e.jsonl"]


def test_a_dead_writers_journal_is_finished_and_committed(object_store: ObjectStore) -> None:
    uri = object_store("recovered")
    with EpisodeJournal(uri, "half") as file:
        file.add_start({"task_id": "t"})
    assert [episode.episode_id for episode in recover(uri)] == ["half"]
    assert commit(uri) == 1
    assert load_dataset(uri).episode_ids == ("half",)


# Dies right after the n-th file of a commit was put; n counts up until a child ends by itself.
_KILLER = """
import os, signal, sys
from claudebox_rl.trajectory import commit
from claudebox_rl.trajectory._remote_storage import RemoteStorage
write, left = RemoteStorage._write, int(sys.argv[2])
def counted(self, *args):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    write(self, *args)
RemoteStorage._write = counted
commit(sys.argv[1])
"""


@pytest.mark.parametrize("num_puts", [1, 2])
def test_a_commit_killed_between_puts_is_seen_whole_or_not_at_all(object_store: ObjectStore, num_puts: int) -> None:
    uri = object_store(f"killed-{num_puts}")
    expected = [record_of("a"), record_of("b")]
    for record in expected:
        journal(uri, record)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLER, uri, str(num_puts)],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(TrajectoryError, match="no dataset at"):
        load_dataset(uri)
    assert commit(uri) == 2
    assert list(load_dataset(uri)) == expected
    assert {len(storage_of(uri).names(table)) for table in ("episodes", "steps", "model_calls")} == {1}


def test_hosts_that_commit_into_one_store_do_not_meet(
    object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = object_store("hosts")
    for host in ("a", "b"):
        monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / host))
        journal(uri, record_of(host))
    assert commit(uri) == 1, "only what lies on this host"
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "a"))
    assert commit(uri) == 1
    assert sorted(load_dataset(uri).episode_ids) == ["a", "b"]


def test_a_folder_by_its_uri_is_that_folder(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    journal(folder.as_uri(), record_of("e"))
    assert journal_folder(folder.as_uri()) == folder / "journal"
    assert commit(folder) == 1
    assert list(load_dataset(folder.as_uri())) == [record_of("e")]
    where = f"{folder}/steps/*.parquet"
    assert len(duckdb.sql(f"select episode_id from '{where}'").fetchall()) == 3


def test_filesystems_of_fsspec(tmp_path: Path) -> None:
    uri = f"fsspec+local://{tmp_path}/data"
    journal(uri, record_of("e"))
    assert commit(uri) == 1
    assert list(load_dataset(uri)) == [record_of("e")]
    assert not list(tmp_path.rglob("*.inprogress"))


def test_small_files(object_store: ObjectStore, tmp_path: Path) -> None:
    for storage in (storage_of(object_store("small")), storage_of(tmp_path), RemoteStorage("memory:///small")):
        assert (storage.read("runs/a.json"), storage.names("runs")) == (None, {})
        storage.write("runs/a.json", b"1")
        storage.write("runs/a.json", b"2")
        assert storage.read("runs/a.json") == b"2"
        assert list(storage.names("runs")) == ["a.json"]


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("s3://key:secret@bucket/runs", "give it by the environment"),
        ("nothing://x/y", "no storage at nothing://x/y"),
    ],
)
def test_uris_that_are_refused(uri: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        storage_of(uri)
    assert "secret@" not in str(caught.value)


def test_every_file_of_a_server_is_listed_with_its_time(object_store: Callable[[str], str]) -> None:
    storage = storage_of(object_store("times"))
    for _ in range(100):  # some fall on a millisecond that ends in 0
        storage.write("runs/lease.json", b"x")
        assert storage.names("runs")["lease.json"] > 1e9
