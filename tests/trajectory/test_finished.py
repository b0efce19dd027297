from __future__ import annotations

from pathlib import Path

from trajectory_values import journal, record_of, step_of

from claudebox_rl.trajectory import EpisodeJournal, commit, finished_episode


def test_an_episode_is_found_wherever_it_stands(tmp_path: Path) -> None:
    record = record_of("a")
    assert finished_episode(tmp_path, "a") is None
    journal(tmp_path, record)
    path = tmp_path / "journal" / "a.jsonl"
    assert finished_episode(tmp_path, "a") == record.episode
    claim = tmp_path / "journal" / "commit-1"
    claim.mkdir()
    path.rename(claim / path.name)
    assert finished_episode(tmp_path, "a") == record.episode
    assert commit(tmp_path) == 1
    assert finished_episode(tmp_path, "a") == record.episode
    assert finished_episode(tmp_path, "b") is None


def test_one_that_is_still_played_is_not_found(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "a") as opened:
        opened.add_step(step_of("a", 0))
        assert finished_episode(tmp_path, "a") is None
