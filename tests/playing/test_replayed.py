"""`claudebox-rl replay`: a stored episode of the real CLI, on a machine of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from claudebox_rl import load_dataset, rollout
from claudebox_rl.cli.main import main
from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.playing.replayed import replay_episode
from claudebox_rl.trajectory import EpisodeJournal, EpisodeRecord, commit
from claudebox_rl.types import ModelCall


@pytest.fixture(scope="module")
def recorded(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> EpisodeRecord:
    out = tmp_path_factory.mktemp("recorded")
    played = rollout(
        task="quickstart/fix-bug", model="oracle", sandbox=local_sandbox, num_workers=0, run_id="r", out=out
    )
    (episode,) = played
    assert episode.episode_return == 1.0
    return load_dataset(out)[episode.episode_id]


def stored(folder: Path, record: EpisodeRecord, **changes) -> str:
    """Store a record with changes of its episode, and return the dataset."""
    with EpisodeJournal(folder, record.episode.episode_id) as journal:
        for step in record.steps:
            journal.add_step(step, record.calls_of(step.step_index))
        journal.finish(replace(record.episode, **changes))
    commit(folder)
    return str(folder)


def changed(call: ModelCall, old: str, new: str) -> ModelCall:
    messages = [dict(message) for message in call.request["messages"]]
    for message in messages:
        if isinstance(message["content"], list):
            message["content"] = [
                block | {"content": block["content"].replace(old, new)} if block["type"] == "tool_result" else block
                for block in message["content"]
            ]
    return replace(call, request=call.request | {"messages": messages})


def test_an_episode_replays_without_divergence(recorded: EpisodeRecord, tmp_path: Path, capsys) -> None:
    dataset = stored(tmp_path, recorded)
    assert main(["replay", "fix-bug-0", "--dataset", dataset]) == 0
    assert "3 of 3 model calls without a divergence, completed, return 1.0" in capsys.readouterr().out
    assert len(load_dataset(tmp_path)) == 1


def test_a_changed_result_is_named(recorded: EpisodeRecord, tmp_path: Path, capsys) -> None:
    calls = [changed(call, "Ran 3 tests", "Ran 4 tests") for call in recorded.model_calls]
    dataset = stored(tmp_path, replace(recorded, model_calls=tuple(calls)))
    assert main(["replay", "fix-bug-0", "--dataset", dataset]) == 1
    first, expected, actual = capsys.readouterr().out.splitlines()
    assert "diverges at call 2 of 3 (agent main), message 5, at $.messages[5].content[0].content" in first
    assert expected.startswith("- ")
    assert "Ran 4 tests" in expected
    assert actual.startswith("+ ")
    assert "Ran 3 tests" in actual


def test_a_call_that_is_asked_for_no_more_is_named(recorded: EpisodeRecord, tmp_path: Path) -> None:
    last = recorded.model_calls[-1]
    more = replace(last, call_id="more", started_at=last.started_at + 1)
    record = replace(
        recorded, model_calls=(*recorded.model_calls, more), call_steps=(*recorded.call_steps, recorded.call_steps[-1])
    )
    found = replay_episode(stored(tmp_path, record), "fix-bug-0").divergence
    assert found is not None
    assert (found.call_index, found.agent_path, found.actual) == (3, "main", "no further call")


def test_what_can_not_be_replayed_is_refused(recorded: EpisodeRecord, tmp_path: Path) -> None:
    branch = stored(tmp_path / "branch", recorded, parent_episode_id="p", fork_step=1)
    with pytest.raises(TrajectoryError, match="branched off from p after 1 steps"):
        replay_episode(branch, "fix-bug-0")
    other = stored(tmp_path / "seat", recorded, config={**recorded.episode.config, "seat": "model"})
    with pytest.raises(ConfigError, match="seat=model"):
        replay_episode(other, "fix-bug-0")
    silent = replace(recorded, model_calls=(), call_steps=())
    with pytest.raises(ConfigError, match="no model calls"):
        replay_episode(stored(tmp_path / "silent", silent), "fix-bug-0")
