from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.env.wrappers import FeatureObservation
from claudebox_rl.env.wrappers.features import hashed_features
from claudebox_rl.errors import ConfigError


class Shown(gym.Env[dict[str, Any], int]):
    observation_space = gym.spaces.Dict(
        {"response": UnicodeText(), "facts": gym.spaces.Box(0.0, 1e15, (3,), np.float64)}
    )
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"response": "two tests failed", "facts": np.array([0.0, 1e15, 3.0])}, {}


def a_matrix(observation: Any) -> Any:
    return np.zeros((2, 2))


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])  # of the machine, not of the strategy
@given(st.text(max_size=300), st.lists(st.floats(0, 1e15), min_size=3, max_size=3))
def test_any_observation_becomes_a_small_finite_vector_of_one_size(text, numbers):
    features = hashed_features({"response": text, "facts": np.array(numbers), "input": {"a": [text]}})
    assert features.shape == (3 + 64 + 64,)
    assert features.dtype == np.float32
    assert np.abs(features).max() <= np.log1p(1e15) + 1e-3


def test_texts_are_told_apart_and_facts_keep_their_order():
    some, other = (hashed_features({"response": text}) for text in ("two tests failed", "all tests passed"))
    assert np.linalg.norm(some - other) > 0.5
    assert hashed_features({"facts": np.array([0.0, np.e - 1])}).tolist() == pytest.approx([0.0, 1.0])


def test_the_space_is_a_box_that_holds_what_comes():
    env = FeatureObservation(Shown())
    seen, _ = env.reset()
    assert env.observation_space.shape == (67,)
    assert seen in env.observation_space


def test_functions_that_give_no_vector_are_refused():
    with pytest.raises(ConfigError, match=r"must give a vector, not an array of shape \(2, 2\)"):
        FeatureObservation(Shown(), f"{__name__}:a_matrix")
    with pytest.raises(ConfigError, match="unknown features 'hash'"):
        FeatureObservation(Shown(), "hash")
