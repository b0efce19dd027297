from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from trajectory_values import call_of, episode_of, journal, record_of, step_of

from claudebox_rl.errors import SchemaVersionError, TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, commit, is_open, load_dataset
from claudebox_rl.trajectory.journal import is_finished
from claudebox_rl.trajectory.replay import replay
from claudebox_rl.trajectory.rows import step_of as step_of_row


@contextmanager
def largest_file(num_bytes: int) -> Iterator[None]:
    """A disk that is full, as far as one file goes: writes beyond are refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a", ".a", "a b", "a\n", "é", "a" * 129, "-a"])
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrajectoryError, match="plain name"):
        EpisodeJournal(tmp_path / "data", name)
    assert not (tmp_path / "data").exists()


def test_each_record_is_on_disk_when_its_call_returns(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "e") as file:
        file.add_start({"run_id": "r"})
        file.add_start({"task_id": "t"})
        for index in range(2):
            file.add_step(step_of("e", index), [call_of("e", str(index))])
            recorded = replay(file.path)
            assert [step_of_row(row) for row in recorded.steps] == [step_of("e", i) for i in range(index + 1)]
            assert [row["step_index"] for row in recorded.calls] == list(range(index + 1))
        assert recorded.facts == {"run_id": "r", "task_id": "t"}
        assert recorded.episode is None
        assert not is_finished(file.path)
        file.finish(episode_of("e"))
        assert is_finished(file.path)


def test_a_text_that_looks_like_the_end_is_none(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "e") as file:
        file.add_step(step_of("e", 0, '\n{"kind":"end"}\n'))
        assert not is_finished(file.path)


def test_a_second_journal_of_an_episode_is_refused(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "e"), pytest.raises(TrajectoryError, match="'e' has a journal already"):
        EpisodeJournal(tmp_path, "e")


@pytest.mark.parametrize(
    "act",
    [
        lambda file: file.add_step(step_of("other", 0)),
        lambda file: file.add_step(step_of("e", 0), [call_of("other", "0")]),
        lambda file: file.add_calls([call_of("other", "0")]),
        lambda file: file.finish(episode_of("other")),
    ],
)
def test_what_belongs_to_another_episode_is_refused(tmp_path: Path, act: Callable[[EpisodeJournal], None]) -> None:
    with EpisodeJournal(tmp_path, "e") as file:
        before = file.path.read_bytes()
        with pytest.raises(TrajectoryError, match="'other'"):
            act(file)
        assert file.path.read_bytes() == before


def test_nothing_follows_the_end(tmp_path: Path) -> None:
    file = EpisodeJournal(tmp_path, "e")
    file.finish(episode_of("e"))
    with pytest.raises(TrajectoryError, match="finished"):
        file.add_step(step_of("e", 0))
    file.close()
    file.close()
    unfinished = EpisodeJournal(tmp_path, "f")
    unfinished.close()
    with pytest.raises(TrajectoryError, match="closed"):
        unfinished.add_step(step_of("f", 0))


def test_whether_a_living_process_writes_it(tmp_path: Path) -> None:
    assert not is_open(tmp_path, "e")
    with EpisodeJournal(tmp_path, "e"):
        assert is_open(tmp_path, "e")
    assert not is_open(tmp_path, "e")


def test_facts_that_are_not_json_are_refused(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "e") as file, pytest.raises(TrajectoryError, match="object is not JSON"):
        file.add_start({"x": object()})


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    record = record_of("e")
    with EpisodeJournal(tmp_path, "e") as file:
        file.add_step(record.steps[0], record.calls_of(0))
        before = file.path.read_bytes()
        with (
            largest_file(len(before) + 100),
            pytest.raises(TrajectoryError, match=r"can't write the journal .*e\.jsonl"),
        ):
            file.add_step(record.steps[1])
        assert file.path.read_bytes() == before
        for step in record.steps[1:]:
            file.add_step(step, record.calls_of(step.step_index))
        file.add_calls(record.calls_of(None))
        file.finish(record.episode)
    assert commit(tmp_path) == 1
    assert list(load_dataset(tmp_path)) == [record]


def test_a_journal_that_no_disk_takes_is_no_journal(tmp_path: Path) -> None:
    with largest_file(10), pytest.raises(TrajectoryError, match="can't write the journal"):
        EpisodeJournal(tmp_path, "e")
    assert (tmp_path / "journal" / "e.jsonl").read_bytes() == b""


def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    journal(tmp_path, record_of("e"))
    path = tmp_path / "journal" / "e.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for cut in (1, len(lines[3]) // 2, len(lines[3]) - 1):
        path.write_bytes(b"".join(lines[:3]) + lines[3][:cut])
        recorded = replay(path)
        assert len(recorded.steps) == 1
        assert recorded.size == sum(map(len, lines[:3]))


@pytest.mark.parametrize("line", [b"{nonsense\n", b"[]\n", b"\n", b'{"kind":"new"}\n', b'{"kind":"step"}\n', b"\xff\n"])
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes) -> None:
    journal(tmp_path, record_of("e"))
    path = tmp_path / "journal" / "e.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], line, *lines[3:]]))
    with pytest.raises(TrajectoryError, match=r"e\.jsonl, line 3 is damaged"):
        replay(path)


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    journal(tmp_path, record_of("e"))
    path = tmp_path / "journal" / "e.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"schema_version":1', b'"schema_version":2', 1))
    with pytest.raises(SchemaVersionError, match="upgrade"):
        replay(path)
