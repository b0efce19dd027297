"""Prices of steps, time and money."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest
from judged_env import Played, play

from claudebox_rl import SUBMIT
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import apply_rewards
from claudebox_rl.rewards.wrappers import CostPenalty, StepPenalty, TimePenalty


class Judged(gym.Env[str, str]):
    """Gives a verdict of 1 for each step."""

    observation_space = action_space = UnicodeText()

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        return "", 1.0, action == SUBMIT, False, {"reward_terms": {"verifier": 1.0}}


def test_a_prompt_costs_and_submitting_is_free() -> None:
    env = StepPenalty(Judged(), coef=0.1)
    _, reward, *_, info = env.step("prompt")
    assert reward == pytest.approx(0.9)
    assert info["reward_terms"] == {"verifier": 1.0, "step_penalty": -0.1}
    assert sum(info["reward_terms"].values()) == pytest.approx(reward)
    _, reward, *_, info = env.step(SUBMIT)
    assert (reward, info["reward_terms"]["step_penalty"]) == (1.0, 0.0)


def test_a_price_that_is_none_is_refused() -> None:
    for name in ("step_penalty", "time_penalty", "cost_penalty"):
        for coef in (-1.0, float("nan"), float("inf")):
            with pytest.raises(ConfigError, match=f"{name}: coef must be at least 0"):
                apply_rewards(Judged(), [{"name": name, "kwargs": {"coef": coef}}])


def test_rewards_nest_first_innermost() -> None:
    env = apply_rewards(Judged(), ["step_penalty", {"name": "step_penalty", "kwargs": {"coef": 0.5}}])
    assert isinstance(env, StepPenalty)
    assert isinstance(env.env, StepPenalty)
    assert (env.coef, env.env.coef) == (0.5, 0.01)


def test_two_of_a_name_are_one_term_with_both() -> None:
    _, terms = play(StepPenalty(StepPenalty(Played(), coef=0.1), coef=0.2))
    assert terms == {"verifier": 1.0, "step_penalty": pytest.approx(-0.6)}


def test_time_costs_by_the_prompts_duration() -> None:
    rewards, terms = play(TimePenalty(Played(), coef=0.01))
    assert rewards == pytest.approx([-0.06, -0.06, 1.0])
    assert terms == {"verifier": 1.0, "time_penalty": pytest.approx(-0.12)}


def test_money_costs_by_the_record_of_model_calls() -> None:
    rewards, _ = play(CostPenalty(Played(cost_usd=0.5), coef=0.1))
    assert rewards == pytest.approx([-0.05, -0.05, 1.0])


def test_an_unknown_price_is_no_term() -> None:
    _, terms = play(CostPenalty(Played(cost_usd=None)))
    assert terms == {"verifier": 1.0}
