"""Reward functions as wrappers: one term at the end of an episode, on all its prompts and the verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged_env import PROMPT, Played, play

from claudebox_rl.env.make import make_claudebox
from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards import apply_rewards, needs_changes
from claudebox_rl.rewards.wrappers.judged import EfficiencyReward, evidence
from claudebox_rl.types import SUBMIT, Changes, CodeResult, FileChange, VerifierResult


@pytest.mark.parametrize(("verdict", "success"), [(1.0, 1.0), (0.5, -1.0), (0.0, -1.0)])
def test_success_is_the_verifiers_word(verdict: float, success: float) -> None:
    rewards, terms = play(apply_rewards(Played(verdict), "success"))
    assert terms == {"verifier": verdict, "success": success}
    assert rewards == [0.0, 0.0, verdict + success]


def test_an_episode_is_judged_as_a_whole_and_the_next_one_anew() -> None:
    arguments = {"tool_calls": 10, "tokens": None, "time_s": 120}
    env = apply_rewards(Played(1.0), {"name": "efficiency", "kwargs": arguments})
    _, terms = play(env)
    assert terms["efficiency"] == pytest.approx((0.8 + 0.9) / 2)
    _, again = play(env)
    assert again == terms
    assert isinstance(env, EfficiencyReward)


def test_doing_nothing_is_not_efficient() -> None:
    _, terms = play(apply_rewards(Played(0.0), "efficiency"), num_prompts=0)
    assert terms["efficiency"] == 0.0


def test_several_terms_sum_to_the_reward() -> None:
    _, terms = play(apply_rewards(Played(1.0), ["success", "safety"]))
    assert terms == {"verifier": 1.0, "success": 1.0, "safety": 0.0}


def test_no_evidence_is_no_term() -> None:
    _, terms = play(apply_rewards(Played(1.0), "code_quality"))
    assert terms == {"verifier": 1.0}


def test_changes_of_several_prompts_are_joined() -> None:
    made = Changes((FileChange("a.py", None, "1"), FileChange("gone.py", None, "x")), ("image",))
    edited = Changes((FileChange("a.py", "1", "2"), FileChange("gone.py", "x", None)))
    results = [replace(PROMPT, changes=made), replace(PROMPT, changes=edited)]
    assert evidence(results, VerifierResult(1.0)).changes == Changes((FileChange("a.py", None, "2"),), ("image",))
    assert evidence([*results, PROMPT], VerifierResult(1.0)).changes is None


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="speed"):
        apply_rewards(Played(1.0), {"name": "efficiency", "kwargs": {"speed": 1}})


def test_files_are_read_only_for_who_looks_at_them() -> None:
    assert not needs_changes(["success", "safety", "step_penalty"])
    assert needs_changes("code_quality")


def verdict_and_calls(result: CodeResult) -> float | None:
    """Judge by what the verifier named and by the number of calls; without such a part there is no evidence."""
    tests = result.reward_terms.get("verifier.tests")
    return None if tests is None else tests - 0.1 * len(result.action_log)


def test_a_function_of_your_own_sees_the_whole_episode_and_the_verdict() -> None:
    config = {"name": "custom", "kwargs": {"reward_fn": f"{__name__}:verdict_and_calls", "name": "mine"}}
    assert needs_changes(config)
    _, terms = play(apply_rewards(Played(0.5, {"tests": 0.75}), config))
    assert terms == {"verifier": 0.5, "mine": pytest.approx(0.55)}
    _, terms = play(apply_rewards(Played(0.5), config))
    assert terms == {"verifier": 0.5}
    with pytest.raises(ConfigError, match="can't import"):
        apply_rewards(Played(), {"name": "custom", "kwargs": {"reward_fn": "no_such_module:f"}})


def of_numpy(result: CodeResult) -> np.float32:
    return np.float32(0.5)


def test_a_number_of_numpy_is_one() -> None:
    _, terms = play(apply_rewards(Played(), {"name": "custom", "kwargs": {"reward_fn": f"{__name__}:of_numpy"}}))
    assert type(terms["custom"]) is float


def broken(result: CodeResult) -> float:
    return float("nan")


def failing(result: CodeResult) -> float:
    return 1 / 0


@pytest.mark.parametrize(
    ("function", "words"),
    [(broken, "reward custom gave nan, which is no finite"), (failing, "reward custom failed: ZeroDivisionError")],
)
def test_what_is_no_number_is_an_error_that_keeps_the_steps_evidence(function, words: str) -> None:
    env = apply_rewards(Played(), {"name": "custom", "kwargs": {"reward_fn": f"{__name__}:{function.__name__}"}})
    with pytest.raises(RewardError, match=words) as raised:
        play(env)
    assert raised.value.context.keys() == {"result", "model_calls"}


def test_code_quality_sees_what_the_agent_wrote(local_sandbox: str) -> None:
    env = make_claudebox(
        rewards="code_quality", task="quickstart/write-function", agent="oracle", sandbox=local_sandbox, actor=False
    )
    try:
        observation, _ = env.reset(seed=0)
        env.step(observation["instruction"])
        _, reward, *_, info = env.step(SUBMIT)
    finally:
        env.close()
    assert info["reward_terms"].keys() == {"verifier", "code_quality"}
    assert 0.0 < info["reward_terms"]["code_quality"] <= 1.0
    assert reward == sum(info["reward_terms"].values())
