"""What groups and branches come to, read from a dataset."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from trajectory_values import episode_of, journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeRecord, commit, groups_of, load_dataset
from claudebox_rl.types import Episode, Outcome

ALONE = {"parent_episode_id": None, "fork_step": None}


def member(name: str, earned: float | None, outcome: Outcome = Outcome.COMPLETED) -> Episode:
    return replace(episode_of(name, text="t"), outcome=outcome, episode_return=earned, **ALONE)


def branch(name: str, parent: str | None, fork_step: int | None, earned: float) -> EpisodeRecord:
    record = record_of(name, num_steps=3, text="t")
    return replace(
        record,
        episode=replace(record.episode, parent_episode_id=parent, fork_step=fork_step, episode_return=earned),
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Rewards of a step are 0.1, 1.1, 2.1: a trunk, a branch off before its third step, and one off that branch."""
    for record in (branch("trunk", None, None, 3.3), branch("b", "trunk", 2, 7.0), branch("c", "b", 3, 5.0)):
        journal(tmp_path, record)
    commit(tmp_path)
    return tmp_path


def test_invalid_episodes_are_left_out() -> None:
    (group,) = groups_of(
        [
            member("a", 1.0),
            member("b", None, Outcome.INFRA_ERROR),
            member("b-attempt2", 0.0),
            member("c", 0.5, Outcome.AGENT_ERROR),
            member("d", None, Outcome.CANCELLED),
            replace(member("e", 9.0), group_id=None),
        ],
        {},
    )
    assert (group.group_id, group.task_id) == ("g", "t")
    assert (group.num_valid, group.num_invalid) == (3, 2)
    assert (group.mean, group.best, group.worst) == (0.5, 1.0, 0.0)
    assert group.std == pytest.approx(math.sqrt(1 / 6))
    assert group.advantages == pytest.approx({"a": math.sqrt(1.5), "b-attempt2": -math.sqrt(1.5), "c": 0.0})


def test_equal_returns_teach_nothing_and_no_returns_are_no_numbers() -> None:
    equal, empty = groups_of(
        [member("a", 1.0), member("b", 1.0), replace(member("c", None, Outcome.CANCELLED), group_id="h")], {}
    )
    assert (equal.std, equal.advantages) == (0.0, {"a": 0.0, "b": 0.0})
    assert (empty.num_valid, empty.mean, empty.std, empty.best, empty.worst) == (0, None, None, None, None)
    assert empty.advantages == {}


def test_a_branch_is_read_whole(tree: Path) -> None:
    dataset = load_dataset(tree)
    record = dataset.whole("c")
    origins = [step.episode_id for step in record.steps]
    assert origins == ["trunk", "trunk", "b", "c", "c", "c"]
    assert [step.step_index for step in record.steps] == [0, 1, 2, 3, 4, 5]
    assert [call.episode_id for call in record.calls_of(2)] == ["b", "b"]
    assert [call.episode_id for call in record.calls_of(3)] == ["c", "c"]
    assert [call.call_id for call in record.calls_of(None)] == ["c-last"]
    assert record.episode == dataset["c"].episode
    assert dataset.whole("trunk") == dataset["trunk"]


def test_a_branch_earned_what_its_parents_earned_before(tree: Path) -> None:
    (group,) = load_dataset(tree).groups("run")
    assert group.returns == pytest.approx({"trunk": 3.3, "b": 0.1 + 1.1 + 7.0, "c": 0.1 + 1.1 + 0.1 + 5.0})


def test_a_parent_that_is_not_there_is_named(tmp_path: Path) -> None:
    journal(tmp_path, branch("b", "gone", 2, 7.0))
    commit(tmp_path)
    dataset = load_dataset(tmp_path)
    with pytest.raises(TrajectoryError, match="b branched off from gone, which is not in"):
        dataset.whole("b")
    assert dataset.groups()[0].returns == {"b": 7.0}
    assert dataset.groups("another run") == ()
