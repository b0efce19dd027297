"""Shaping by a potential changes no order of policies."""

from __future__ import annotations

import itertools
import random
from typing import Any

import gymnasium as gym
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards.wrappers import PotentialShaping
from claudebox_rl.rewards.wrappers.shaping import shaping

NUM_STATES, NUM_ACTIONS, GOAL, LIMIT = 4, 2, 3, 5


class SmallMdp(gym.Env[dict[str, Any], int]):
    """Four states, two actions, moves and rewards drawn by a seed; ends at the goal, or is truncated."""

    observation_space = gym.spaces.Dict({"state": gym.spaces.Discrete(NUM_STATES)})
    action_space = gym.spaces.Discrete(NUM_ACTIONS)

    def __init__(self, drawn: int) -> None:
        draw = random.Random(drawn)
        pairs = list(itertools.product(range(NUM_STATES), range(NUM_ACTIONS)))
        self.moves = {pair: draw.randrange(NUM_STATES) for pair in pairs}
        self.rewards = {pair: draw.uniform(-1, 1) for pair in pairs}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.state, self.index = 0, 0
        return {"state": 0}, {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        reward = self.rewards[self.state, action]
        self.state, self.index = self.moves[self.state, action], self.index + 1
        is_truncated = self.index == LIMIT and self.state != GOAL
        return {"state": self.state}, reward, self.state == GOAL, is_truncated, {"reward_terms": {"verifier": reward}}


def by_state(observation: dict[str, Any], info: dict[str, Any], *, values: list[float]) -> float:
    return values[observation["state"]]


def returns(env: gym.Env[Any, Any], gamma: float) -> dict[tuple[int, ...], float]:
    """Return the discounted return of every deterministic policy, as the actions by state."""
    found: dict[tuple[int, ...], float] = {}
    for policy in itertools.product(range(NUM_ACTIONS), repeat=NUM_STATES):
        observation, _ = env.reset()
        total, weight, ended = 0.0, 1.0, False
        while not ended:
            observation, reward, terminated, truncated, _ = env.step(policy[observation["state"]])
            total, weight, ended = total + weight * float(reward), weight * gamma, terminated or truncated
        found[policy] = total
    return found


@settings(max_examples=60, deadline=None)
@given(
    drawn=st.integers(0, 10_000),
    gamma=st.sampled_from([0.5, 0.9, 1.0]),
    values=st.lists(st.floats(-100, 100), min_size=NUM_STATES, max_size=NUM_STATES),
)
def test_every_policys_return_moves_by_the_first_potential(drawn: int, gamma: float, values: list[float]) -> None:
    plain = returns(SmallMdp(drawn), gamma)
    options = {"values": values}
    shaped = returns(
        PotentialShaping(SmallMdp(drawn), potential=f"{__name__}:by_state", gamma=gamma, options=options), gamma
    )
    assert shaped == pytest.approx({policy: value - values[0] for policy, value in plain.items()})


def test_the_potential_itself_as_a_reward_would_change_what_is_best() -> None:
    """The invariance is the formula's doing: a bonus for being near the goal makes a policy that stays near it best."""
    values = [0.0, 5.0, 5.0, 0.0]

    class Bonus(SmallMdp):
        def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            observation, reward, *ends, info = super().step(action)
            return observation, reward + values[observation["state"]], *ends, info  # type: ignore[return-value]

    changed = 0
    for drawn in range(20):
        plain, bonus = returns(SmallMdp(drawn), 1.0), returns(Bonus(drawn), 1.0)
        changed += max(plain, key=plain.__getitem__) != max(bonus, key=bonus.__getitem__)
    assert changed > 5


def test_its_term_is_named_and_sums() -> None:
    env = PotentialShaping(SmallMdp(1), potential=f"{__name__}:by_state", options={"values": [1.0, 2.0, 3.0, 4.0]})
    env.reset()
    _, reward, *_, info = env.step(0)
    assert info["reward_terms"].keys() == {"verifier", "shaping"}
    assert sum(info["reward_terms"].values()) == pytest.approx(reward)
    assert shaping(1.0, 3.0, gamma=0.5) == 0.5


def test_what_is_no_potential_is_refused() -> None:
    with pytest.raises(ConfigError, match="gamma must be 0 to 1"):
        PotentialShaping(SmallMdp(1), potential=f"{__name__}:by_state", gamma=2.0)
    with pytest.raises(ConfigError, match="unknown potential 'near'"):
        PotentialShaping(SmallMdp(1), potential="near")
    env = PotentialShaping(SmallMdp(1), potential=f"{__name__}:by_state", options={"values": [float("nan")] * 4})
    with pytest.raises(RewardError, match="no finite number"):
        env.reset()
    with pytest.raises(RewardError, match="before reset"):
        env.step(0)
