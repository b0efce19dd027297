"""Environments whose session a real Ray actor owns."""

from __future__ import annotations

import os
import signal

import gymnasium as gym
import numpy as np
import psutil
import pytest

import claudebox_rl  # noqa: F401
from claudebox_rl import SUBMIT, fork_env
from claudebox_rl.distributed import session_actor
from claudebox_rl.distributed.cluster import ray
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
    envs.reset()
    assert len(actor_pids()) == 1
    envs.step(("a",) * 4)
    envs.close()


def test_a_killed_actor_ends_only_its_own_episodes(local_sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_actor, "SESSIONS_PER_ACTOR", 2)
    envs = gym.make_vec("ClaudeBoxShell-v0", num_envs=3, task=TASK, sandbox=local_sandbox)
    envs.reset(seed=0)
    envs.step(("echo kept > note",) * 3)
    owners = [env._host._actor for env in envs.get_attr("unwrapped")]
    lone = next(i for i, owner in enumerate(owners) if owners.count(owner) == 1)
    others = [i for i in range(3) if i != lone]
    assert owners[others[0]] == owners[others[1]]
    ray.kill(owners[lone])
    observations, rewards, _, truncated, infos = envs.step(("cat note",) * 3)
    assert (np.flatnonzero(np.isnan(rewards)).tolist(), np.flatnonzero(truncated).tolist()) == ([lone], [lone])
    assert type(infos["error"][lone]) is SandboxUnavailableError
    assert infos["outcome"][lone] == "infra_error"
    assert [observations["stdout"][i] for i in others] == ["kept\n"] * 2
    envs.step(("ignored by the one that is reset",) * 3)
    assert envs.step(("echo anew",) * 3)[0]["stdout"] == ("anew\n",) * 3
    envs.close()


def test_forks_stay_with_their_parent(local_sandbox: str) -> None:
    env = gym.make("ClaudeBoxShell-v0", task=TASK, sandbox=local_sandbox)
    env.reset(seed=0)
    env.step("echo kept > note")
    actors = actor_pids()
    heirs = fork_env(env, 2)
    env.close()
    assert actor_pids() == actors
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
