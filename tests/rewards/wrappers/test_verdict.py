"""The verdict as a reward: whole or by its parts, in place of the environment's own."""

from __future__ import annotations

import pytest
from judged_env import Played, play

from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards.wrappers import StepPenalty, VerifierReward

PARTS = {"tests": 0.5, "style": 0.25}


def test_as_a_whole_it_changes_nothing() -> None:
    assert play(VerifierReward(Played(0.75, PARTS))) == play(Played(0.75, PARTS))


def test_named_parts_are_weighted_and_stand_for_themselves() -> None:
    env = VerifierReward(StepPenalty(Played(0.75, PARTS), coef=1.0), weights={"tests": 2.0, "style": -1.0})
    rewards, terms = play(env)
    assert terms == {"step_penalty": -2.0, "verifier.tests": 1.0, "verifier.style": -0.25}
    assert rewards == pytest.approx([-1.0, -1.0, 0.75])


def test_a_part_that_the_verifier_did_not_write_gives_no_number() -> None:
    with pytest.raises(RewardError, match="wrote no part speed; it wrote: tests, style"):
        play(VerifierReward(Played(0.75, PARTS), weights={"tests": 1.0, "speed": 1.0}))


@pytest.mark.parametrize("weights", [{}, {"tests": float("nan")}])
def test_weights_that_are_none_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="at least one part"):
        VerifierReward(Played(), weights=weights)
