"""Progress by the task's own tests, which never come near the machine of the agent."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest
from judged_env import Played

from claudebox_rl import SUBMIT
from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards.wrappers import TestsPassedDelta as Delta
from claudebox_rl.rewards.wrappers.tests_passed import share_passed
from claudebox_rl.types import VerifierResult

TASK = "quickstart/write-function"
SOLUTION = (Path(__file__).parents[3] / "envs/quickstart/write-function/solution/solve.sh").read_text()
SPY = r"""
find /tests /logs/verifier -mindepth 1 2>/dev/null
find / -xdev \( -name judge.py -o -name judging.py -o -name 'reward.*' \) 2>/dev/null
ps -eo args | grep '[t]est.sh' || echo nothing
"""


def test_the_share_is_that_of_the_named_parts_without_the_total() -> None:
    assert share_passed(VerifierResult(0.0, {"reward": 0.0, "a": 1.0, "b": 0.0, "c": 1.0})) == pytest.approx(2 / 3)
    assert share_passed(VerifierResult(0.5, {"reward": 0.5})) == 0.5
    assert share_passed(VerifierResult(0.5)) == 0.5
    assert share_passed(VerifierResult(0.0, {"a": 7.0, "b": -3.0})) == 0.5


def test_each_step_earns_what_it_brought_and_sees_no_tests(local_sandbox: str) -> None:
    env = gym.make(
        "ClaudeBoxShell-v0",
        task=TASK,
        sandbox=local_sandbox,
        actor=False,
        rewards={"verifier": 0, "tests_passed_delta": 3},
    )
    steps = [
        (SOLUTION.replace("seconds < 0", "False").replace("set -euo pipefail", ""), 2),  # formats negative ones
        ("sed -i 's/raise ValueError/pass  # /' durations.py", -1),
        (SOLUTION.replace("set -euo pipefail", ""), 2),
        (SPY, 0),
        (SUBMIT, 0),
    ]
    try:
        env.reset(seed=1)
        for action, earned in steps:
            observation, reward, terminated, _, info = env.step(action)
            assert reward == pytest.approx(earned), action
            assert info["reward_terms"]["tests_passed_delta"] == pytest.approx(earned)
            if action == SPY:
                assert observation["stdout"] == "nothing\n"
        assert terminated
        assert info["verifier"].reward == 1.0
    finally:
        env.close()


def test_the_users_seat_goes_on_as_without_it(local_sandbox: str) -> None:
    kwargs = {"task": TASK, "agent": "oracle", "sandbox": local_sandbox, "actor": False}
    env = gym.make("ClaudeBox-v0", rewards="tests_passed_delta", **kwargs)
    try:
        observation, _ = env.reset(seed=1)
        _, reward, *_ = env.step(observation["instruction"])
        assert reward == pytest.approx(1.0)
        _, reward, *_, info = env.step(SUBMIT)
    finally:
        env.close()
    assert (reward, info["reward_terms"]) == (1.0, {"verifier": 1.0, "tests_passed_delta": 0.0})


@pytest.mark.parametrize("env_id", ["ClaudeBoxModel-v0", "ClaudeBoxTool-v0"])
def test_where_the_agent_is_at_work_between_steps_it_is_refused(env_id: str) -> None:
    with pytest.raises(ConfigError, match="play seat=user or seat=shell"):
        gym.make(env_id, rewards="tests_passed_delta", sandbox="fake", actor=False)


def test_without_a_machine_there_is_no_number() -> None:
    env = Delta(Played())
    with pytest.raises(RewardError, match="Played can't be forked"):
        env.reset()
    with pytest.raises(RewardError, match="before reset"):
        env.step("prompt")
    with pytest.raises(ConfigError, match="coef must be finite"):
        Delta(Played(), coef=float("nan"))
