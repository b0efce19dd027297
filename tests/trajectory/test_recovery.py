from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from trajectory_values import call_of, episode_of, journal, record_of, step_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, Interrupted, commit, interrupted_episode, load_dataset, recover
from claudebox_rl.types import Episode, Outcome, Usage


def abandon(dataset: Path, episode_id: str, num_steps: int) -> Path:
    with EpisodeJournal(dataset, episode_id) as file:
        for index in range(num_steps):
            call = replace(call_of(episode_id, str(index)), agent_path="main", copy_of=None)
            file.add_step(
                step_of(episode_id, index), [call, replace(call, call_id=f"{index}-again", copy_of=call.call_id)]
            )
    return file.path


def test_there_is_nothing_to_recover(tmp_path: Path) -> None:
    assert recover(tmp_path / "none") == ()
    journal(tmp_path, record_of("finished"))
    assert recover(tmp_path) == ()
    assert commit(tmp_path) == 1


def test_sums_are_those_of_the_recorded_steps(tmp_path: Path) -> None:
    os.utime(abandon(tmp_path, "e", 2), (0, 0))  # as where the clock of files lags
    (episode,) = recover(tmp_path)
    assert episode.outcome is Outcome.INFRA_ERROR
    assert not episode.valid_for_training
    assert (episode.num_steps, episode.num_turns, episode.cost_usd) == (2, 2, pytest.approx(0.2))
    assert episode.usage == Usage(2**41, 4, 2)
    assert episode.rewards["verifier"] == pytest.approx(0.2)
    assert episode.started_at <= episode.ended_at
    assert recover(tmp_path) == (), "once is enough"


def test_the_caller_says_how_it_ended(tmp_path: Path) -> None:
    abandon(tmp_path, "e", 1)
    given: list[Interrupted] = []

    def make(interrupted: Interrupted) -> Episode:
        given.append(interrupted)
        return replace(interrupted_episode(interrupted, Outcome.CANCELLED), error_message="stopped")

    (episode,) = recover(tmp_path, make)
    assert (episode.outcome, episode.error_message) == (Outcome.CANCELLED, "stopped")
    assert given[0].steps == (step_of("e", 0),)
    commit(tmp_path)
    assert load_dataset(tmp_path)["e"].episode == episode


def test_a_journal_in_use_is_never_touched(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "e") as file:
        file.add_step(step_of("e", 0))
        before = file.path.read_bytes()
        assert recover(tmp_path) == ()
        assert file.path.read_bytes() == before
    assert len(recover(tmp_path)) == 1


def test_an_end_whose_last_line_was_cut_counts(tmp_path: Path) -> None:
    journal(tmp_path, record_of("e"))
    path = tmp_path / "journal" / "e.jsonl"
    path.write_bytes(path.read_bytes()[:-3])
    assert commit(tmp_path) == 0
    assert recover(tmp_path) == (), "its writer said how it ended"
    assert commit(tmp_path) == 1
    assert list(load_dataset(tmp_path)) == [record_of("e")]


@pytest.mark.parametrize("content", [b"", b'{"kind":"op'])
def test_a_journal_in_which_nothing_was_recorded_is_removed(tmp_path: Path, content: bytes) -> None:
    path = abandon(tmp_path, "e", 0)
    path.write_bytes(content or path.read_bytes())
    assert recover(tmp_path) == ()
    assert not path.exists()


def test_a_damaged_journal_holds_up_no_other(tmp_path: Path) -> None:
    damaged = abandon(tmp_path, "a", 2)
    abandon(tmp_path, "b", 1)
    damaged.write_bytes(damaged.read_bytes().replace(b'{"kind":"step"', b'{"kind"', 1))
    with pytest.raises(TrajectoryError, match=r"a\.jsonl, line 2 is damaged"):
        recover(tmp_path)
    assert commit(tmp_path) == 1
    assert load_dataset(tmp_path).episode_ids == ("b",)
    assert damaged.with_name("a.jsonl.damaged").exists()


def test_an_episode_without_a_step_is_kept(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "e") as file:
        file.add_start({"task_id": "t", "started_at": 5.0, "host": "h"})
    (episode,) = recover(tmp_path)
    assert (episode.task_id, episode.started_at, episode.num_steps) == ("t", 5.0, 0)
    assert episode != episode_of("e")
