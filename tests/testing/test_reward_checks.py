"""The conformance suite of rewards: every reward of ours passes, and each broken promise is found."""

from __future__ import annotations

import random
from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl import (
    CodeQualityReward,
    CodeResult,
    CustomReward,
    EfficiencyReward,
    SafetyReward,
    SuccessOnlyReward,
    combine_rewards,
)
from claudebox_rl.rewards import REWARDS, RewardTerm
from claudebox_rl.testing.reward_checks import check_reward

HERE = __name__


def lines(result: CodeResult) -> float:
    return float(len(result.response.splitlines()))


def near(observation: dict[str, Any], info: dict[str, Any]) -> float:
    return float(len(observation["response"]))


ALL_TEN = {
    "upstream": "scripted",
    "options": {"script": [{"tools": [{"name": "give_score", "input": {"reason": "", "score": 10}}]}]},
}
RUBRIC = {"name": "rubric", "kwargs": {"rubric": "Says please.", "model": ALL_TEN}}
OURS: dict[str, tuple[Any, float, float]] = {
    "clip": ("clip", -1, 1),
    "code_quality": ({"name": "code_quality", "kwargs": {"types": False}}, 0, 1),
    "combined": ({"verifier": 2, "safety": 0.5, "step_penalty": {"weight": 2, "kwargs": {"coef": 0.5}}}, -3, 3),
    "cost_penalty": ("cost_penalty", -1e9, 0),
    "custom": ({"name": "custom", "kwargs": {"reward_fn": f"{HERE}:lines", "name": "lines"}}, 0, 10),
    "efficiency": ("efficiency", 0, 1),
    "rubric": (RUBRIC, 0, 1),
    "safety": ("safety", -1, 1),
    "shaping": ({"name": "shaping", "kwargs": {"potential": f"{HERE}:near", "gamma": 0.9}}, -100, 100),
    "step_penalty": ("step_penalty", -1, 0),
    "success": ("success", -1, 1),
    "tests_passed_delta": ("tests_passed_delta", -1, 1),
    "time_penalty": ("time_penalty", -1e9, 0),
    "verifier": ({"name": "verifier", "kwargs": {"weights": {"reward": 0.5}}}, 0, 0.5),
}


def test_all_rewards_are_checked() -> None:
    assert OURS.keys() == REWARDS.keys()


@pytest.mark.parametrize("name", OURS)
def test_our_wrappers_keep_the_promises(name: str) -> None:
    reward, low, high = OURS[name]
    check_reward(reward, low=low, high=high)


def test_a_stack_keeps_them() -> None:
    check_reward(["verifier", {"safety": 0.5, "efficiency": 0.5}, "step_penalty", "clip"])


@pytest.mark.parametrize(
    ("reward", "low", "high"),
    [
        (SuccessOnlyReward(), -1, 1),
        (EfficiencyReward(), 0, 1),
        (SafetyReward(), -1, 1),
        (CodeQualityReward(types=False), 0, 1),
        (CustomReward(lines), 0, 10),
        (combine_rewards(SuccessOnlyReward(), SafetyReward()), -1, 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_our_functions_keep_them(reward: Any, low: float, high: float) -> None:
    check_reward(reward, low=low, high=high)


class Term(RewardTerm):
    name = "mine"

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        return 1.0


class Drawn(Term):
    def term(self, *_: Any, **__: Any) -> float:
        return random.random()


class Remembers(Term):
    total = 0.0

    def term(self, *_: Any, **__: Any) -> float:
        self.total += 1
        return self.total


class NotRecorded(Term):
    def __init__(self, env: gym.Env[Any, Any], *, coef: float = 1.0) -> None:
        super().__init__(env)
        self.coef = coef

    def term(self, *_: Any, **__: Any) -> float:
        return self.coef


class Peeks(Term):
    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, *rest = super().step(action)
        return {**observation, "response": "changed"}, *rest  # type: ignore[return-value]


class EndsIt(Term):
    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, _, truncated, info = super().step(action)
        return observation, reward, True, truncated, info


class Unnamed(Term):
    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, *rest = super().step(action)
        return observation, reward + 1, *rest  # type: ignore[return-value]


class Swallows(Term):
    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        try:
            return super().step(action)
        except Exception:
            return {}, 0.0, True, False, {"reward_terms": {}}


class Shares(Term):
    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        self.mine = object()
        self.seen: dict[int, int] = {id(self): 0}

    def term(self, *_: Any, **__: Any) -> float:
        return float(id(self) in self.seen)


class NotANumber(Term):
    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, _, *ends, info = super().step(action)
        return observation, float("nan"), *ends, {**info, "reward_terms": {"mine": float("nan")}}  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        ("Drawn", "the next episode, which is the same, gets other numbers"),
        ("Remembers", "forget the last one in begin"),
        ({"name": "NotRecorded", "kwargs": {"coef": 2.0}}, "rebuilt from its spec it gives other numbers"),
        ("Peeks", "changes what is observed"),
        ("EndsIt", "how the episode ends"),
        ("Unnamed", "don't sum to the reward"),
        ("Swallows", "the machine died, and there is a reward"),
        ("Shares", "a deep copy in the middle of an episode"),
        ("NotANumber", "is no finite number"),
        ("Term", "which is not in 0.0 to 0.5"),
    ],
)
def test_a_wrapper_that_breaks_one_is_found(reward: Any, words: str) -> None:
    named = {"name": reward} if isinstance(reward, str) else reward
    with pytest.raises(AssertionError, match=words):
        check_reward({**named, "name": f"{HERE}:{named['name']}"}, low=0.0, high=0.5 if reward == "Term" else 1e9)


def drawn(result: CodeResult) -> float:
    return random.random()


def always(result: CodeResult) -> float:
    return 1.0


def endless(result: CodeResult) -> float:
    return float("inf")


def changes_it(result: CodeResult) -> None:
    result.reward_terms["mine"] = 1.0


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        (drawn, "the same evidence gets another number"),
        (always, "the model's endpoint failed, and it gives 1.0"),
        (endless, "no finite number"),
        (changes_it, "changes its argument"),
        (CustomReward(lambda result: 0.0), "can't be pickled"),
    ],
    ids=["drawn", "always", "endless", "changes_it", "lambda"],
)
def test_a_function_that_breaks_one_is_found(reward: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_reward(reward)
