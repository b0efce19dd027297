"""Reward functions as wrappers: one term at the end of an episode, on all its prompts and the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl.env.make import make_claudebox
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import apply_rewards, needs_changes
from claudebox_rl.rewards.judged import EfficiencyTerm, evidence
from claudebox_rl.types import SUBMIT, Changes, CodeResult, FileChange, ToolCall, VerifierResult

PROMPT = CodeResult(success=True, action_log=(ToolCall("a", "Bash", {"command": "rm -rf /"}),), duration_s=6.0)


class Played(gym.Env[str, str]):
    """Each action is a prompt; `SUBMIT` ends the episode with a verdict."""

    observation_space = action_space = UnicodeText()

    def __init__(self, verdict: float) -> None:
        self.verdict = verdict

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        return "", {}

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        if action != SUBMIT:
            return "", 0.0, False, False, {"result": PROMPT, "verifier": None, "reward_terms": {}}
        info = {"result": None, "verifier": VerifierResult(self.verdict), "reward_terms": {"verifier": self.verdict}}
        return "", self.verdict, True, False, info


def play(env: gym.Env[Any, Any], num_prompts: int = 2) -> tuple[float, dict[str, float]]:
    env.reset()
    for _ in range(num_prompts):
        _, reward, *_, info = env.step("prompt")
        assert (reward, info["reward_terms"]) == (0.0, {})
    _, reward, *_, info = env.step(SUBMIT)
    return reward, info["reward_terms"]


@pytest.mark.parametrize(("verdict", "success"), [(1.0, 1.0), (0.5, -1.0), (0.0, -1.0)])
def test_success_is_the_verifiers_word(verdict: float, success: float) -> None:
    reward, terms = play(apply_rewards(Played(verdict), "success"))
    assert terms == {"verifier": verdict, "success": success}
    assert reward == verdict + success


def test_an_episode_is_judged_as_a_whole_and_the_next_one_anew() -> None:
    arguments = {"tool_calls": 10, "tokens": None, "time_s": 120}
    env = apply_rewards(Played(1.0), {"name": "efficiency", "kwargs": arguments})
    _, terms = play(env)
    assert terms["efficiency"] == pytest.approx((0.8 + 0.9) / 2)
    _, again = play(env)
    assert again == terms
    assert isinstance(env, EfficiencyTerm)


def test_doing_nothing_is_not_efficient() -> None:
    _, terms = play(apply_rewards(Played(0.0), "efficiency"), num_prompts=0)
    assert terms["efficiency"] == 0.0


def test_several_terms_sum_to_the_reward() -> None:
    reward, terms = play(apply_rewards(Played(1.0), ["success", "safety"]))
    assert terms == {"verifier": 1.0, "success": 1.0, "safety": 0.0}
    assert reward == sum(terms.values())


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
