"""Whatever happens in an episode becomes data, with the right name."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl import SUBMIT, load_dataset, run_episode
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.errors import (
    AgentError,
    GatewayError,
    SandboxStartError,
    SandboxUnavailableError,
    TrajectoryError,
    VerifierError,
)
from claudebox_rl.playing import tally
from claudebox_rl.trajectory import commit
from claudebox_rl.types import CodeResult, EpisodeRequest, Failure, ModelCall, Outcome, ToolCall, Usage, VerifierResult

CALL = ModelCall("c1", "e1", {"messages": []}, None, 200, usage=Usage(10, 5, 1))
RESULT = CodeResult(True, "ok", action_log=(ToolCall("t1", "Bash", {}),), cost_usd=0.5, num_turns=2, agent_s=1.5)


class Scripted(gym.Env[dict[str, Any], str]):
    """Two prompts and a verdict, with an error put where a test wants it."""

    observation_space = gym.spaces.Dict({"instruction": UnicodeText()})
    action_space = UnicodeText()

    def __init__(self, *, at_reset: BaseException | None = None, at_step: BaseException | None = None) -> None:
        self.at_reset, self.at_step = at_reset, at_step
        self.num_steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        self.seen = (seed, options)
        if self.at_reset:
            raise self.at_reset
        return {"instruction": "do it"}, {"task_id": "t/1", "sandbox": "fake", "isolation": "fake", "boot_s": 0.25}

    def step(self, action: str):
        self.num_steps += 1
        if self.at_step and self.num_steps == 2:
            raise self.at_step
        ended = action == SUBMIT
        info = {
            "result": None if ended else RESULT,
            "model_calls": () if ended else (replace(CALL, call_id=f"c{self.num_steps}"),),
            "verifier": VerifierResult(1.0, duration_s=0.5) if ended else None,
            "reward_terms": {"verifier": 1.0} if ended else {"step_penalty": -0.25},
            "outcome": "completed" if ended else None,
        }
        return {"instruction": "do it"}, 1.0 if ended else -0.25, ended, False, info


def policy() -> Any:
    actions = iter(["first", "second", SUBMIT])
    return lambda _observation: next(actions)


REQUEST = EpisodeRequest(task_id="t/1", episode_id="e1", run_id="r", seed=7, config={"a": 1}, overrides=("a=1",))


def test_a_completed_episode_adds_up(tmp_path: Path) -> None:
    env = Scripted()
    episode = run_episode(env, policy(), REQUEST, dataset=tmp_path)
    assert env.seen == (7, {"episode_id": "e1", "task": "t/1"})
    assert (episode.outcome, episode.episode_return, episode.num_steps) == (Outcome.COMPLETED, 0.5, 3)
    assert episode.rewards == {"step_penalty": -0.5, "verifier": 1.0}
    assert (episode.usage, episode.cost_usd, episode.num_turns) == (Usage(20, 10, 2), 1.0, 4)
    assert (episode.agent_s, episode.verify_s, episode.boot_s) == (3.0, 0.5, 0.25)
    assert (episode.sandbox, episode.isolation, episode.overrides) == ("fake", "fake", ("a=1",))
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    assert record.episode == episode
    assert [step.action for step in record.steps] == ["first", "second", SUBMIT]
    assert len(record.model_calls) == 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AgentError("crashed"), Outcome.AGENT_ERROR),
        (GatewayError("401"), Outcome.INFRA_ERROR),
        (SandboxUnavailableError("gone"), Outcome.INFRA_ERROR),
        (VerifierError("no verdict"), Outcome.INFRA_ERROR),
        (RuntimeError("a bug"), Outcome.INFRA_ERROR),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_in_a_step_is_an_outcome(error: Exception, outcome: Outcome, tmp_path: Path) -> None:
    episode = run_episode(Scripted(at_step=error), policy(), REQUEST, dataset=tmp_path)
    assert (episode.outcome, episode.error_type, episode.error_message) == (outcome, type(error).__name__, str(error))
    assert episode.episode_return == (-0.25 if outcome is Outcome.AGENT_ERROR else None)
    assert episode.num_steps == 2, "the step that failed is recorded too"
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    assert (record.steps[1].action, record.steps[1].truncated, record.steps[1].reward) == ("second", True, 0.0)


def test_a_request_that_was_sent_again_counts_once(tmp_path: Path) -> None:
    class Retrying(Scripted):
        def step(self, action: str):
            observation, reward, terminated, truncated, info = super().step(action)
            info["model_calls"] = tuple(replace(call, copy_of="c0") for call in info["model_calls"])
            return observation, reward, terminated, truncated, info

    episode = run_episode(Retrying(), policy(), REQUEST, dataset=tmp_path)
    assert episode.usage == Usage(10, 5, 1)
    commit(tmp_path)
    assert [call.copy_of for call in load_dataset(tmp_path)["e1"].model_calls] == ["c0", "c0"]


def test_what_the_failed_step_did_is_kept(tmp_path: Path) -> None:
    failed = CodeResult(False, failure=Failure.CRASH, action_log=(ToolCall("t9", "Write", {}),), num_turns=1)
    error = AgentError("crashed", result=failed, model_calls=(replace(CALL, call_id="c2"),))
    episode = run_episode(Scripted(at_step=error), policy(), REQUEST, dataset=tmp_path)
    assert (episode.num_turns, episode.usage) == (3, Usage(20, 10, 2))
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    assert record.steps[1].tool_calls[0].name == "Write"


@pytest.mark.parametrize("error", [SandboxStartError("no bwrap"), AgentError("the CLI did not start")])
def test_an_error_in_reset_is_the_infrastructures(error: Exception) -> None:
    episode = run_episode(Scripted(at_reset=error), policy(), REQUEST)
    assert (episode.outcome, episode.task_id, episode.num_steps) == (Outcome.INFRA_ERROR, "t/1", 0)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), asyncio.CancelledError()])
def test_an_interrupt_is_journaled_and_goes_on(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        run_episode(Scripted(at_step=error), policy(), REQUEST, dataset=tmp_path)
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    assert (record.episode.outcome, record.episode.episode_return) == (Outcome.CANCELLED, None)
    assert not record.episode.valid_for_training


def test_a_policy_that_breaks_is_data_too() -> None:
    episode = run_episode(Scripted(), lambda _observation: 1 / 0, REQUEST)
    assert (episode.outcome, episode.error_type, episode.num_steps) == (Outcome.INFRA_ERROR, "ZeroDivisionError", 0)


def test_a_full_disk_is_an_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(tally.EpisodeJournal):
        def add_step(self, *_: Any) -> None:
            raise TrajectoryError("can't write the journal: no space left on device")

    monkeypatch.setattr(tally, "EpisodeJournal", Full)
    episode = run_episode(Scripted(), policy(), REQUEST, dataset=tmp_path)
    assert (episode.outcome, episode.error_type) == (Outcome.INFRA_ERROR, "TrajectoryError")


def test_a_dataset_that_can_not_be_made_is_an_outcome(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    episode = run_episode(Scripted(), policy(), REQUEST, dataset=tmp_path / "file" / "data")
    assert (episode.outcome, episode.error_type) == (Outcome.INFRA_ERROR, "TrajectoryError")
