"""Several machines at the same time, through Gymnasium's own vector interface."""

from __future__ import annotations

import time

import gymnasium as gym
import numpy as np
import pytest

import claudebox_rl  # noqa: F401
from claudebox_rl import SUBMIT

TASK = "quickstart/fix-bug"


def test_make_vec_plays_and_resets_itself(local_sandbox: str) -> None:
    envs = gym.make_vec("ClaudeBox-v0", num_envs=3, task=TASK, agent="oracle", sandbox=local_sandbox, actor=False)
    observations, infos = envs.reset(seed=0)
    assert observations in envs.observation_space
    assert len(set(infos["episode_id"])) == 3
    assert observations["facts"].shape[0] == 3
    _, rewards, terminated, truncated, _ = envs.step(("solve", "solve", SUBMIT))
    assert rewards.tolist() == [0, 0, 0]
    assert terminated.tolist() == [False, False, True]
    observations, rewards, terminated, truncated, _ = envs.step((SUBMIT, "again", "ignored"))
    assert rewards.tolist() == [1, 0, 0]
    assert terminated.tolist() == [True, False, False]
    assert observations["facts"][2, 0] == 0, "the third was reset instead"
    assert not truncated.any()
    envs.close()


def test_machines_work_at_the_same_time(local_sandbox: str) -> None:
    envs = gym.make_vec(
        "ClaudeBox-v0", num_envs=4, task=TASK, agent="claude", sandbox=local_sandbox, actor=False,
        model={"upstream": "scripted", "options": {"script": [{"text": "slow", "delay_s": 1.5, "repeat": True}]}},
    )  # fmt: skip
    envs.reset(seed=0)
    started = time.monotonic()
    envs.step(("a", "b", "c", "d"))
    assert time.monotonic() - started < 4 * 1.5, "one after another would take six seconds"
    envs.close()


def test_a_mask_resets_only_some(local_sandbox: str) -> None:
    envs = gym.make_vec("ClaudeBox-v0", num_envs=2, task=TASK, agent="nop", sandbox=local_sandbox, actor=False)
    envs.reset(seed=0)
    envs.step(("x", "x"))
    observations, _ = envs.reset(options={"reset_mask": np.array([True, False])})
    assert observations["facts"][:, 0].tolist() == [0, 1]
    envs.close()


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(TypeError, match="tsk"):
        gym.make_vec("ClaudeBox-v0", num_envs=2, tsk=TASK)
