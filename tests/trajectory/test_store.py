from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from test_journal import largest_file
from trajectory_values import episode_of, journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, commit, gathering, load_dataset, store

HERE = Path(__file__).parent
TABLES = ("episodes", "steps", "model_calls", "texts")


def parts(dataset: Path) -> dict[str, list[str]]:
    return {name: sorted(path.name for path in (dataset / name).iterdir()) for name in TABLES}


def left_in_journal(dataset: Path) -> list[str]:
    return sorted(path.name for path in (dataset / "journal").iterdir() if path.name != ".lock")


def noise(num_bytes: int) -> str:
    """Text that no codec makes smaller than half."""
    return os.urandom(num_bytes // 2).hex()


@pytest.mark.parametrize("text", ["", "x" * 100_000, "日本語" * 30_000])
def test_what_was_journaled_is_what_is_read(tmp_path: Path, text: str) -> None:
    records = [record_of("b", text=text), record_of("a", num_steps=0, text=text)]
    for record in records:
        journal(tmp_path, record)
    assert commit(tmp_path) == 2
    dataset = load_dataset(tmp_path)
    assert list(dataset) == records[::-1]
    assert [dataset["a"], dataset["b"]] == records[::-1]


def test_nothing_to_commit(tmp_path: Path) -> None:
    assert commit(tmp_path / "none") == 0
    assert not (tmp_path / "none").exists()
    journal(tmp_path, record_of("e"))
    assert [commit(tmp_path), commit(tmp_path)] == [1, 0]
    assert all(len(files) == 1 for files in parts(tmp_path).values())
    assert left_in_journal(tmp_path) == []


def test_an_episode_in_play_is_left_alone(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "playing") as file:
        journal(tmp_path, record_of("done"))
        assert commit(tmp_path) == 1
        assert left_in_journal(tmp_path) == ["playing.jsonl"]
        file.finish(episode_of("playing", 0))
        assert commit(tmp_path) == 1
    assert load_dataset(tmp_path).episode_ids == ("done", "playing")


def test_each_part_takes_so_much_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_BATCH_BYTES", 10_000)
    records = [record_of(f"e{i}", num_steps=1, text="x" * 3000) for i in range(3)]
    for record in records:
        journal(tmp_path, record)
    assert commit(tmp_path) == 3
    assert all(len(files) == 3 for files in parts(tmp_path).values())
    assert list(load_dataset(tmp_path)) == records


def test_a_file_that_can_not_be_written_keeps_all_for_the_next_commit(tmp_path: Path) -> None:
    record = record_of("e", text=noise(200_000))
    journal(tmp_path, record)
    with largest_file(50_000), pytest.raises(TrajectoryError, match=f"can't commit to {tmp_path}.*next commit takes"):
        commit(tmp_path)
    assert not any(path.is_file() for name in TABLES for path in tmp_path.glob(f"{name}/*"))
    journal(tmp_path, record_of("f"))
    assert commit(tmp_path) == 2
    assert list(load_dataset(tmp_path)) == [record, record_of("f")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk(small_disk: Path) -> None:
    record = record_of("e", num_steps=1, text=noise(40_000))
    journal(small_disk, record)
    ballast = small_disk / "ballast"
    fill(ballast)
    with pytest.raises(TrajectoryError, match="No space left") as caught:
        commit(small_disk)
    assert str(small_disk) in str(caught.value)
    with pytest.raises(TrajectoryError, match="No space left"):
        journal(small_disk, record_of("f", num_steps=1))
    ballast.unlink()
    assert commit(small_disk) == 1
    assert list(load_dataset(small_disk)) == [record]


def test_a_damaged_journal_is_told_once_and_holds_up_no_other(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        journal(tmp_path, record_of(name))
    path = tmp_path / "journal" / "b.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"kind":"step"', b'{"kind":', 1))
    with pytest.raises(TrajectoryError, match=r"b\.jsonl, line 3 is damaged.*set aside as \*\.damaged") as caught:
        commit(tmp_path)
    assert caught.value.context["line"] == 3
    assert load_dataset(tmp_path).episode_ids == ("a", "c")
    assert left_in_journal(tmp_path) == ["b.jsonl.damaged"]
    assert commit(tmp_path) == 0


def test_a_value_that_no_column_takes_holds_up_no_other(tmp_path: Path) -> None:
    journal(tmp_path, record_of("a"))
    with EpisodeJournal(tmp_path, "big") as file:
        file.finish(replace(episode_of("big"), seed=2**64))
    with pytest.raises(TrajectoryError, match=r"big\.jsonl holds a value that the dataset can't"):
        commit(tmp_path)
    assert load_dataset(tmp_path).episode_ids == ("a",)
    assert left_in_journal(tmp_path) == ["big.jsonl.damaged"]


@pytest.mark.parametrize("num_bytes", [1, 4 << 20])
def test_nothing_of_an_episode_that_is_refused_is_in_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_bytes: int
) -> None:
    monkeypatch.setattr(gathering, "_WAITING_BYTES", num_bytes)
    shared, own = "told to two " * 100, "SENTINEL " * 100
    good = [record_of("a", text=shared), record_of("c"), record_of("e", text="its own " * 100)]
    bad = [record_of("b", text=own), record_of("d", text=shared)]
    for record in good:
        journal(tmp_path, record)
    for record in bad:
        journal(tmp_path, replace(record, episode=replace(record.episode, num_steps=2**64)))
    with pytest.raises(TrajectoryError, match=r"b\.jsonl holds a value .*\(and 1 more\)"):
        commit(tmp_path)
    assert left_in_journal(tmp_path) == ["b.jsonl.damaged", "d.jsonl.damaged"]
    dataset = load_dataset(tmp_path)
    assert list(dataset) == good
    assert dataset.steps.num_rows == sum(len(record.steps) for record in good)
    assert dataset.model_calls.num_rows == sum(len(record.model_calls) for record in good)
    texts = dataset.columns("texts", ["episode_id", "text"]).to_pylist()
    assert {row["episode_id"] for row in texts if shared in row["text"]} == {"a"}
    assert not any("SENTINEL" in row["text"] for row in texts)


_COMMITTER = """
import sys
from pathlib import Path
from trajectory_values import journal, record_of
from claudebox_rl.trajectory import commit
for i in range(6):
    journal(Path(sys.argv[1]), record_of(f"{sys.argv[2]}-{i}"))
    commit(Path(sys.argv[1]))
"""


def test_four_processes_commit_at_once(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    running = [
        subprocess.Popen([sys.executable, "-c", _COMMITTER, tmp_path, f"w{i}"], env=environment) for i in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    expected = {f"w{w}-{i}": record_of(f"w{w}-{i}") for w in range(4) for i in range(6)}
    found = list(load_dataset(tmp_path))
    assert Counter(record.episode.episode_id for record in found) == dict.fromkeys(expected, 1)
    assert {record.episode.episode_id: record for record in found} == expected
    assert left_in_journal(tmp_path) == []
