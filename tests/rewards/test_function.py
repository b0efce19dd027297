"""Rewards on results: success, efficiency, functions of your own, and sums."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl import (
    BuiltinRewards,
    CodeResult,
    CustomReward,
    EfficiencyReward,
    RewardFunction,
    SuccessOnlyReward,
    combine_rewards,
)
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import CodeQualityReward
from claudebox_rl.types import Changes, Failure, FileChange, ToolCall, Usage

DONE = CodeResult(success=True, usage=Usage(900, 100), duration_s=6.0, action_log=(ToolCall("a", "Bash", {}),) * 5)
FAILED = replace(DONE, success=False, failure=Failure.MAX_TURNS)
NO_MODEL = replace(DONE, success=False, failure=Failure.API_ERROR)


def test_success() -> None:
    assert [SuccessOnlyReward()(each) for each in (DONE, FAILED, NO_MODEL)] == [1.0, -1.0, None]


def test_the_built_in_functions_are_the_classes_defaults() -> None:
    assert BuiltinRewards.success_only(FAILED) == -1.0
    assert BuiltinRewards.efficiency(DONE) == EfficiencyReward()(DONE)
    assert BuiltinRewards.code_quality(DONE) is None
    changed = replace(DONE, changes=Changes((FileChange("a.py", None, "import os\n"),)))
    assert BuiltinRewards.code_quality(changed) == CodeQualityReward()(changed)


def test_efficiency_by_its_formula() -> None:
    reward = EfficiencyReward(tool_calls=10, tokens=4000, time_s=60)
    assert reward(DONE) == pytest.approx((0.5 + 0.75 + 0.9) / 3)
    assert reward(FAILED) == 0.0
    assert reward(NO_MODEL) is None
    assert reward(replace(DONE, usage=Usage())) == pytest.approx((0.5 + 0.9) / 2)
    assert EfficiencyReward(tool_calls=None, tokens=10, time_s=None)(replace(DONE, usage=Usage())) is None


def test_less_used_is_never_worth_less() -> None:
    calls = [replace(DONE, action_log=(ToolCall("a", "Bash", {}),) * number) for number in range(30)]
    rewards = [EfficiencyReward()(each) for each in calls]
    assert rewards == sorted(rewards, reverse=True)


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf")])
def test_a_budget_that_is_none_is_refused(budget: float) -> None:
    with pytest.raises(ConfigError, match="tokens must be above 0"):
        EfficiencyReward(tokens=budget)


def test_no_budget_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one budget"):
        EfficiencyReward(tool_calls=None, tokens=None, time_s=None)


def test_a_sum_has_its_terms() -> None:
    both = combine_rewards(SuccessOnlyReward(), EfficiencyReward(tokens=None, time_s=None), weights=[0.75, 0.25])
    assert both.terms(DONE) == {"success": 0.75, "efficiency": pytest.approx(0.25 * 0.75)}
    assert both(DONE) == pytest.approx(0.9375)
    assert not both.needs_changes


def test_a_part_without_evidence_leaves_no_sum() -> None:
    both = combine_rewards(SuccessOnlyReward(), CustomReward(lambda result: None, name="none"))
    assert both(DONE) is None
    assert both.terms(DONE) == {"success": 0.5, "none": None}


def test_functions_and_sums_can_be_parts() -> None:
    def short(result: CodeResult) -> float:
        return 1.0

    reward = combine_rewards(short, short, combine_rewards(short, SuccessOnlyReward()))
    assert reward.terms(DONE) == pytest.approx({"short": 1 / 3, "short_2": 1 / 3, "combined": 1 / 3})
    assert reward.needs_changes


def test_what_can_not_be_combined_is_refused() -> None:
    for rewards, weights, words in (
        ([], None, "at least one"),
        ([SuccessOnlyReward()], [0.5, 0.5], "2 weights for 1 rewards"),
        ([SuccessOnlyReward()], [0.5], "sum to 1"),
        ([SuccessOnlyReward()] * 2, [float("nan"), 1.0], "sum to 1"),
    ):
        with pytest.raises(ConfigError, match=words):
            combine_rewards(*rewards, weights=weights)


@pytest.mark.parametrize("name", ["verifier", "", "a b", "1x", "x" * 65])
def test_a_term_has_a_plain_name(name: str) -> None:
    with pytest.raises(ConfigError, match="can't name a reward"):
        CustomReward(lambda result: 1.0, name=name)


def test_rewards_travel() -> None:
    reward = combine_rewards(SuccessOnlyReward(), EfficiencyReward())
    assert pickle.loads(pickle.dumps(reward))(DONE) == reward(DONE)
    assert isinstance(reward, RewardFunction)


_RESULTS = st.builds(
    CodeResult,
    success=st.booleans(),
    failure=st.none() | st.sampled_from(Failure),
    usage=st.builds(Usage, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9)),
    duration_s=st.floats(0, 1e9),
    action_log=st.lists(st.builds(ToolCall, st.text(), st.text(), st.just({})), max_size=50).map(tuple),
)


@given(_RESULTS)
def test_any_result_gives_a_number_in_range_or_none(result: CodeResult) -> None:
    sums = combine_rewards(SuccessOnlyReward(), EfficiencyReward(), weights=[0.5, 0.5])
    for reward, low in ((SuccessOnlyReward(), -1.0), (EfficiencyReward(), 0.0), (sums, -1.0)):
        value = reward(result)
        assert (value is None) == (result.failure is Failure.API_ERROR)
        assert value is None or low <= value <= 1.0
        assert reward(result) == value
