"""Rewards within bounds."""

from __future__ import annotations

import pytest
from judged_env import Played, play

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards.wrappers import ClipReward, StepPenalty


def test_what_is_cut_off_is_a_term() -> None:
    rewards, terms = play(ClipReward(StepPenalty(Played(3.0), coef=2.0)))
    assert rewards == [-1.0, -1.0, 1.0]
    assert terms == {"verifier": 3.0, "step_penalty": -4.0, "clip": 0.0}


def test_what_is_within_stays() -> None:
    assert play(ClipReward(Played(0.5))) == play(Played(0.5))
    assert play(ClipReward(Played(-7.0), low=None))[0][-1] == -7.0


@pytest.mark.parametrize(("low", "high"), [(1.0, -1.0), (None, None), (float("nan"), 1.0)])
def test_bounds_that_are_none_are_refused(low: float | None, high: float | None) -> None:
    with pytest.raises(ConfigError, match="are no bounds"):
        ClipReward(Played(), low=low, high=high)
