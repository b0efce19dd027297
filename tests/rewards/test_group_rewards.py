"""Returns beside those of the group."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import NormalizeGroupReward
from claudebox_rl.trajectory.groups import groups_of
from claudebox_rl.types import Episode, Outcome

VALID = Episode("a", "run", "task", Outcome.COMPLETED, 1.0, group_id="g")


def test_by_its_formula() -> None:
    returns = {"a": 1.0, "b": 0.0, "c": 0.5, "d": 0.5}
    advantages = NormalizeGroupReward(eps=0.25)(returns)
    values = np.array(list(returns.values()))
    assert list(advantages.values()) == pytest.approx((values - values.mean()) / (values.std() + 0.25))
    assert NormalizeGroupReward(by_std=False)(returns) == {"a": 0.5, "b": -0.5, "c": 0.0, "d": 0.0}


def test_invalid_episodes_are_left_out_of_a_stored_group() -> None:
    episodes = [
        VALID,
        replace(VALID, episode_id="b", episode_return=0.0),
        replace(VALID, episode_id="c", outcome=Outcome.INFRA_ERROR, episode_return=None),
        replace(VALID, episode_id="d", outcome=Outcome.CANCELLED, episode_return=None),
        replace(VALID, episode_id="e", outcome=Outcome.AGENT_ERROR, episode_return=0.5),
    ]
    (group,) = groups_of(episodes, {})
    advantages = NormalizeGroupReward()(group)
    assert advantages.keys() == {"a", "b", "e"}
    assert advantages == group.advantages
    assert advantages["e"] == pytest.approx(0.0)


def test_rows_keep_their_order_and_what_has_no_return_has_no_advantage() -> None:
    rows = NormalizeGroupReward().rows([1.0, None, 0.0, math.nan])
    assert rows == [pytest.approx(1.0), None, pytest.approx(-1.0), None]
    assert NormalizeGroupReward().rows([None]) == [None]
    assert NormalizeGroupReward().rows([]) == []


def test_what_differs_by_rounding_alone_is_no_difference() -> None:
    advantages = NormalizeGroupReward().rows([0.1 + 0.2, 0.3, 0.3])
    assert all(abs(each or 0.0) < 1e-6 for each in advantages)
    assert NormalizeGroupReward(eps=0).rows([2.0, 2.0]) == [0.0, 0.0]
    assert NormalizeGroupReward().rows([5.0]) == [0.0]


@pytest.mark.parametrize("eps", [-1.0, math.nan, math.inf])
def test_an_eps_that_is_none_is_refused(eps: float) -> None:
    with pytest.raises(ConfigError, match="eps must be at least 0"):
        NormalizeGroupReward(eps=eps)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=20))
def test_they_sum_to_zero_are_bounded_and_keep_the_order(returns: list[float | None]) -> None:
    advantages = NormalizeGroupReward().rows(returns)
    pairs = [(earned, each) for earned, each in zip(returns, advantages, strict=True) if each is not None]
    assert len(pairs) == sum(earned is not None for earned in returns)
    assert abs(sum(each for _, each in pairs)) < 1e-3
    assert all(abs(each) <= math.sqrt(len(pairs)) for _, each in pairs)
    assert [each for _, each in sorted(pairs)] == sorted(each for _, each in pairs)
