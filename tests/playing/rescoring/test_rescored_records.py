"""Episodes on their way to be judged: read by batches, each once; a damaged one holds up no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.playing.rescoring import records as module
from claudebox_rl.playing.rescoring.records import records
from claudebox_rl.trajectory import Dataset, EpisodeJournal, EpisodeRecord, commit, load_dataset
from claudebox_rl.trajectory.upkeep import compact
from claudebox_rl.types import Episode, Outcome, Step

NAMES = [f"e{index}" for index in range(6)]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three parts of two episodes."""
    for index, name in enumerate(NAMES):
        with EpisodeJournal(tmp_path, name) as file:
            file.add_step(Step(name, 0, {}, "x" * 600, 0.0, {}, True, False))
            file.finish(Episode(name, "run", "task", Outcome.COMPLETED, 0.0, num_steps=1))
        if index % 2:
            commit(tmp_path)
    return tmp_path


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids that were looked for one by one."""
    asked: list[str] = []
    find = Dataset.__getitem__

    def noted(self: Dataset, episode_id: str) -> EpisodeRecord:
        asked.append(episode_id)
        return find(self, episode_id)

    monkeypatch.setattr(Dataset, "__getitem__", noted)
    return asked


def test_episodes_come_by_batches_in_the_order_of_commits(dataset: Path, looked_for: list[str]) -> None:
    opened = load_dataset(dataset)
    expected = [(record.episode.episode_id, record) for record in opened]
    assert [name for name, _ in expected] == NAMES
    assert list(records(opened, NAMES)) == expected
    assert list(records(opened, ["e4", "e1"])) == [expected[1], expected[4]]
    assert looked_for == []


def test_a_damaged_part_fails_alone(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    damaged = sorted((dataset / "steps").iterdir())[1]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    found = dict(records(load_dataset(dataset), NAMES))
    assert list(found) == NAMES
    errors = {name: str(each) for name, each in found.items() if isinstance(each, TrajectoryError)}
    assert list(errors) == ["e2", "e3"]
    assert all(damaged.name in message for message in errors.values())


def test_an_episode_that_is_gone_is_told_of(dataset: Path) -> None:
    found = dict(records(load_dataset(dataset), ["e0", "lost"]))
    assert isinstance(found["e0"], EpisodeRecord)
    assert isinstance(found["lost"], TrajectoryError)


def test_a_compaction_on_the_way_loses_and_doubles_none(dataset: Path) -> None:
    coming = records(load_dataset(dataset), NAMES)
    first = next(coming)
    compact(dataset)
    found = [first, *coming]
    assert [name for name, _ in found] == NAMES
    assert not any(isinstance(each, TrajectoryError) for _, each in found)
