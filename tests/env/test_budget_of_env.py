"""A budget ends an episode as truncated, wherever it is asked for."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest
from gymnasium.envs.registration import EnvSpec

import claudebox_rl
from claudebox_rl.cli.schema import load_config
from claudebox_rl.config import BudgetConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.episode import run_episode
from claudebox_rl.trajectory import load_dataset
from claudebox_rl.types import Outcome

TASK = "quickstart/fix-bug"
TURN = {"tools": [{"name": "Bash", "input": {"command": "true"}}]}
ENDLESS = {"upstream": "scripted", "options": {"script": [TURN] * 20}}


def make(sandbox: str, **kwargs) -> gym.Env:
    return gym.make("ClaudeBox-v0", task=TASK, model=ENDLESS, sandbox=sandbox, actor=False, **kwargs)


def test_the_step_that_is_stopped_truncates_with_the_limit_s_name(local_sandbox: str) -> None:
    env = make(local_sandbox, budget={"model_calls": 2})
    env.reset()
    _, reward, terminated, truncated, info = env.step("go on for ever")
    env.close()
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert (info["outcome"], info["exhausted"]) == ("truncated", "model_calls")
    assert info["verifier"].reward == 0.0, "the state is judged as well"
    assert [call.status for call in info["model_calls"]] == [200, 200, 403]


def test_the_episode_on_disk_names_the_limit(local_sandbox: str, tmp_path: Path) -> None:
    env = make(local_sandbox, budget={"model_calls": 1})
    episode = run_episode(env, dataset=tmp_path)
    env.close()
    assert (episode.outcome, episode.exhausted, episode.error_type) == (Outcome.TRUNCATED, "model_calls", None)
    assert episode.valid_for_training
    claudebox_rl.trajectory.commit(tmp_path)
    (stored,) = load_dataset(tmp_path)
    assert stored.episode.exhausted == "model_calls"


def test_an_episode_begins_with_its_whole_budget(local_sandbox: str) -> None:
    env = make(local_sandbox, budget={"model_calls": 1})
    for _ in range(2):
        env.reset()
        *_, info = env.step("go on")
        assert [call.status for call in info["model_calls"]] == [200, 403]
    env.close()


def test_the_spec_carries_it() -> None:
    env = make("fake", budget={"model_calls": 7, "wall_s": 9.5})
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.unwrapped.settings.budget == env.unwrapped.settings.budget
    assert again.unwrapped.settings.as_json()["budget"]["model_calls"] == 7


@pytest.mark.parametrize("budget", [{"turns": 3}, {"model_calls": -1}, {"wall_s": True}])
def test_refuses_what_is_no_budget(budget: dict) -> None:
    with pytest.raises(ConfigError, match="budget"):
        make("fake", budget=budget)


def test_a_rollout_takes_it_from_its_settings() -> None:
    budget = load_config(["budget.model_calls=3", "budget.cost_usd=0.5"]).budget
    assert budget == BudgetConfig(model_calls=3, cost_usd=0.5)
    with pytest.raises(ConfigError, match=r"known keys: model_calls, input_tokens"):
        load_config(["budget.calls=3"])
