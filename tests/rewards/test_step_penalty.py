from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl import SUBMIT
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import apply_rewards
from claudebox_rl.rewards.step_penalty import StepPenalty


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


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(ConfigError, match="coef must be at least 0"):
        apply_rewards(Judged(), [{"name": "step_penalty", "kwargs": {"coef": -1.0}}])


def test_rewards_nest_first_innermost() -> None:
    env = apply_rewards(Judged(), ["step_penalty", {"name": "step_penalty", "kwargs": {"coef": 0.5}}])
    assert isinstance(env, StepPenalty)
    assert isinstance(env.env, StepPenalty)
    assert (env.coef, env.env.coef) == (0.5, 0.01)
