"""Weighted sums, by name, and what they are rebuilt from."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest
from judged_env import Played, play

import claudebox_rl  # registers the environments
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import apply_rewards, needs_changes, reward_kinds, reward_names
from claudebox_rl.rewards.wrappers import ClipReward, CombinedReward, EfficiencyReward, StepPenalty, VerifierReward

BUDGET = {"tool_calls": 4, "tokens": None, "time_s": None}


def test_each_term_is_weighted_under_its_own_name() -> None:
    rewards = {"verifier": 0.5, "efficiency": {"weight": 0.2, "kwargs": BUDGET}, "step_penalty": 10}
    earned, terms = play(apply_rewards(Played(1.0), rewards))
    assert terms == {"verifier": 0.5, "efficiency": pytest.approx(0.1), "step_penalty": pytest.approx(-0.2)}
    assert earned == pytest.approx([-0.1, -0.1, 0.6])


def test_the_verdict_counts_once_where_it_is_not_named() -> None:
    _, terms = play(apply_rewards(Played(0.0), {"success": 2}))
    assert terms == {"verifier": 0.0, "success": -2.0}
    _, terms = play(apply_rewards(Played(1.0), {"verifier": 0, "success": 2}))
    assert terms == {"verifier": 0.0, "success": 2.0}


def test_two_parts_of_one_name_are_one_term() -> None:
    efficiency = "claudebox_rl.rewards.wrappers.judged:EfficiencyReward"
    rewards = {"efficiency": {"weight": 0.2, "kwargs": BUDGET}, efficiency: {"weight": 0.6, "kwargs": BUDGET}}
    earned, terms = play(apply_rewards(Played(1.0), rewards))
    assert terms == {"verifier": 1.0, "efficiency": pytest.approx(0.4)}
    assert sum(earned) == pytest.approx(1.4)


def test_a_list_with_the_verifier_is_as_without_it() -> None:
    assert play(apply_rewards(Played(), ["verifier", "success"])) == play(apply_rewards(Played(), "success"))


def test_a_part_without_evidence_has_no_term() -> None:
    _, terms = play(apply_rewards(Played(1.0), {"code_quality": 1, "verifier": 1}))
    assert terms == {"verifier": 1.0}


def test_an_episode_is_judged_anew() -> None:
    env = apply_rewards(Played(1.0), {"efficiency": {"kwargs": BUDGET}})
    assert play(env) == play(env)


def test_parts_are_known_without_an_environment() -> None:
    rewards = [{"verifier": 1, "code_quality": 0.2}, "step_penalty"]
    assert needs_changes(rewards)
    assert reward_names(rewards) == ["verifier", "code_quality", "step_penalty"]
    assert VerifierReward in reward_kinds(rewards)
    assert CombinedReward not in reward_kinds(rewards)


@pytest.mark.parametrize(
    ("rewards", "words"),
    [
        ({}, "at least one reward"),
        ({"loc": 1}, "unknown reward 'loc'"),
        ({"success": float("nan")}, "a weight is a finite number"),
        ({"success": "1"}, "a weight is a finite number"),
        ({"success": True}, "a weight is a finite number"),
        ({"efficiency": {"weight": 1, "tool_calls": 3}}, "unknown field 'tool_calls'; known: name, kwargs"),
        ({"clip": 1}, "clip is no term"),
    ],
)
def test_what_can_not_be_combined_is_refused(rewards: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        apply_rewards(Played(), rewards)


def test_a_spec_rebuilds_the_stack() -> None:
    rewards = [{"verifier": 1, "efficiency": {"weight": 0.2, "kwargs": BUDGET}}, "step_penalty", "clip"]
    env = gym.make("ClaudeBox-v0", rewards=rewards, sandbox="fake", actor=False)
    spec = env.spec
    assert spec is not None
    again = gym.make(gym.envs.registration.EnvSpec.from_json(spec.to_json()))
    for each in (env, again):
        clip = each.env.env  # below `OrderEnforcing` and `PassiveEnvChecker`
        stack = [clip, clip.env, clip.env.env]
        assert [type(wrapper) for wrapper in stack] == [ClipReward, StepPenalty, CombinedReward]
        assert isinstance(each.unwrapped, claudebox_rl.env.base.ClaudeBoxEnv)
        assert stack[2].env is each.unwrapped
    assert isinstance(again.env.env.env.env._parts[1][0], EfficiencyReward)


def test_wrappers_put_around_by_hand_are_rebuilt() -> None:
    env = CombinedReward(gym.make("ClaudeBox-v0", sandbox="fake", actor=False), rewards={"success": 2})
    again = gym.make(env.spec)
    assert isinstance(again, CombinedReward)
    assert again._parts[0][1] == 2.0
