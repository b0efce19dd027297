"""Environments whose session a real Ray actor owns."""

from __future__ import annotations

import os
import signal
import time

import gymnasium as gym
import psutil
import pytest

import claudebox_rl  # noqa: F401
from claudebox_rl import SUBMIT, fork_env
from claudebox_rl.errors import ClaudeBoxError, ConfigError, GatewayError, SandboxUnavailableError

TASK = "quickstart/fix-bug"


def actor_pids() -> list[int]:
    everyone = psutil.Process().children(recursive=True)
    return [p.pid for p in everyone if any("SessionActor" in part for part in p.cmdline())]


def test_the_actor_owns_the_machine(local_sandbox: str) -> None:
    env = gym.make("ClaudeBox-v0", task=TASK, model="oracle", sandbox=local_sandbox)
    observation, info = env.reset(seed=0)
    assert info["sandbox"] == "local"
    (pid,) = actor_pids()
    assert any("bwrap" in process.name() for process in psutil.Process(pid).children(recursive=True))
    env.step(observation["instruction"])
    assert env.step(SUBMIT)[1] == 1.0
    env.close()


def test_errors_cross_with_their_type_and_context(local_sandbox: str) -> None:
    broken = {"upstream": "scripted", "options": {"script": [{"status": 401, "error": "no", "repeat": True}]}}
    env = gym.make("ClaudeBox-v0", task=TASK, model=broken, sandbox=local_sandbox, agent={"max_retries": 0})
    env.reset()
    with pytest.raises(GatewayError, match="401") as caught:
        env.step("go")
    assert type(caught.value) is GatewayError
    assert caught.value.context["failure"] == "api_error"
    assert caught.value.context["model_calls"]
    env.close()


def test_a_killed_actor_is_a_dead_machine_and_reset_finds_another(local_sandbox: str) -> None:
    env = gym.make("ClaudeBox-v0", task=TASK, agent="nop", sandbox=local_sandbox)
    env.reset()
    for pid in actor_pids():
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(SandboxUnavailableError, match="actor"):
        env.step("go")
    with pytest.raises(ClaudeBoxError, match="reset"):
        env.step("go")
    env.reset()
    assert env.step(SUBMIT)[2]
    env.close()


def test_many_environments_share_an_actor(local_sandbox: str) -> None:
    envs = gym.make_vec("ClaudeBox-v0", num_envs=4, task=TASK, agent="nop", sandbox=local_sandbox)
    started = time.monotonic()
    envs.reset()
    assert len(actor_pids()) == 1
    envs.step(("a",) * 4)
    envs.close()
    assert time.monotonic() - started < 60


def test_forks_stay_with_their_parent(local_sandbox: str) -> None:
    env = gym.make("ClaudeBoxShell-v0", task=TASK, sandbox=local_sandbox)
    env.reset(seed=0)
    env.step("echo kept > note")
    heirs = fork_env(env, 2)
    env.close()
    assert len(actor_pids()) == 1
    assert [heir.step("cat note")[0]["stdout"] for heir in heirs] == ["kept\n"] * 2
    for heir in heirs:
        heir.close()
    with pytest.raises(ClaudeBoxError, match=r"fork\(\) before reset\(\)"):
        env.unwrapped.fork()


def test_malformed_actions_never_reach_the_actor(local_sandbox: str) -> None:
    env = gym.make("ClaudeBoxModel-v0", task=TASK, sandbox=local_sandbox)
    env.reset()
    with pytest.raises(ConfigError, match="at least one block"):
        env.unwrapped.step({"content": []})
    assert env.step("done")[2]
    env.close()
