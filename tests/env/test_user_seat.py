"""`ClaudeBox-v0` as Gymnasium means it, on real machines."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from seat_parts import make, untimed

import claudebox_rl.env.base
import claudebox_rl.env.make
import claudebox_rl.env.seats.user
from claudebox_rl import SUBMIT
from claudebox_rl.errors import AgentError, ClaudeBoxError, ConfigError, TaskError

TASK = "quickstart/fix-bug"


@pytest.fixture
def env(local_sandbox: str) -> Iterator[gym.Env]:
    env = gym.make("ClaudeBox-v0", task=TASK, model="oracle", sandbox=local_sandbox, actor=False)
    yield env
    env.close()


def test_the_real_cli_solves_a_task_with_the_oracle_model(env: gym.Env) -> None:
    observation, info = env.reset(seed=1)
    assert observation in env.observation_space
    assert observation["instruction"]
    assert (info["task_id"], info["sandbox"], info["isolation"]) == (TASK, "local", "namespace")
    assert info["agent_version"] == "2.1.330"
    observation, reward, terminated, truncated, info = env.step(observation["instruction"])
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert observation in env.observation_space
    assert observation["response"]
    assert info["result"].success
    assert {call.name for call in info["result"].action_log} == {"Write", "Bash"}
    assert all(call.duration_s is not None for call in info["result"].action_log)
    assert len(info["model_calls"]) == info["result"].num_turns
    assert info["reward_terms"] == {}
    observation, reward, terminated, truncated, info = env.step(SUBMIT)
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, True, False, "completed")
    assert info["reward_terms"] == {"verifier": 1.0}
    with pytest.raises(ClaudeBoxError, match="reset"):
        env.unwrapped.step("more")


def test_the_real_cli_with_a_model_that_does_nothing_earns_nothing(local_sandbox: str) -> None:
    env = gym.make("ClaudeBox-v0", task=TASK, model="nop", sandbox=local_sandbox, actor=False)
    observation, _ = env.reset()
    env.step(observation["instruction"])
    _, reward, terminated, _, _ = env.step(SUBMIT)
    assert (reward, terminated) == (0.0, True)
    env.close()


def test_the_last_allowed_step_truncates_and_judges(local_sandbox: str) -> None:
    env = gym.make("ClaudeBox-v0", task=TASK, agent="oracle", sandbox=local_sandbox, actor=False, max_steps=1)
    env.reset()
    _, reward, terminated, truncated, info = env.step("solve it")
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, False, True, "truncated")
    env.close()


def test_check_env_is_clean(local_sandbox: str) -> None:
    env = gym.make("ClaudeBox-v0", task=TASK, agent="nop", sandbox=local_sandbox, actor=False, render_mode="ansi")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=False)
    env.close()


def test_a_long_unicode_prompt_is_an_action(env: gym.Env) -> None:
    assert "é🙂" * 50_000 in env.action_space
    assert "" not in env.action_space


def test_the_spec_rebuilds_the_environment_with_its_rewards(local_sandbox: str) -> None:
    env = gym.make(
        "ClaudeBox-v0", task=TASK, agent="nop", sandbox=local_sandbox, actor=False,
        rewards=[{"name": "step_penalty", "kwargs": {"coef": 0.25}}],
    )  # fmt: skip
    for spec in (env.spec, EnvSpec.from_json(env.spec.to_json())):
        again = gym.make(spec)
        assert again.spec == env.spec
        again.reset()
        rewards = [again.step("x")[1], again.step(SUBMIT)[1]]
        assert rewards == [-0.25, 0.0]
        again.close()
    env.close()


def test_reset_draws_by_seed_and_takes_a_task() -> None:
    env = claudebox_rl.env.base.ClaudeBoxEnv(agent="nop", sandbox="fake", actor=False)
    assert len(env.tasks) >= 6
    drawn = []
    for seed in (3, 3, 4, 5, 6, 7):
        gym.Env.reset(env, seed=seed)
        drawn.append(env._pick(None).task_id)
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    with pytest.raises(ConfigError, match="none of this environment's"):
        env.reset(options={"task": "quickstart/no-such"})
    with pytest.raises(ConfigError, match="unknown reset options: tsk; known: task, episode_id, prompt"):
        env.reset(options={"tsk": 1})


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"task": "no-such-suite"}, TaskError, "quickstart"),
        ({"task": "quickstart/no-such"}, TaskError, "fix-bug"),
        ({"model": "gpt"}, ConfigError, "unknown model 'gpt'; known: anthropic, .*nop, .*oracle, .*scripted"),
        ({"sandbox": "docker"}, ConfigError, "unknown sandbox 'docker'; known: .*local"),
        ({"agent": "codex"}, ConfigError, "unknown agent 'codex'; known: .*claude, nop, oracle"),
        ({"rewards": ["loc"]}, ConfigError, "unknown reward 'loc'; known: .*step_penalty"),
        ({"rewards": [{"name": "step_penalty", "kwargs": {"x": 1}}]}, ConfigError, "reward=step_penalty: .*'x'"),
        ({"max_steps": 0}, ConfigError, "max_steps"),
        ({"agent": {"max_turn": 3}}, ConfigError, "agent: unknown field 'max_turn'; known: name"),
        ({"render_mode": "human"}, ConfigError, "render_mode"),
    ],
)
def test_bad_keywords_are_refused_before_anything_starts(kwargs: dict, error: type, message: str) -> None:
    make = (
        partial(claudebox_rl.env.make.make_claudebox, task="quickstart/fix-bug")
        if "task" not in kwargs
        else claudebox_rl.env.make.make_claudebox
    )
    with pytest.raises(error, match=message):
        make(actor=False, **kwargs)


def test_an_agent_that_crashes_raises(local_sandbox: str, env: gym.Env) -> None:
    observation, _ = env.reset()
    core = env.unwrapped._host._core
    box = core._episode.box
    from claudebox_rl.env.loop import shared_loop

    script = 'for p in /proc/[0-9]*; do grep -qs "[c]laude-code/claude" $p/cmdline && kill -9 ${p#/proc/}; done; true'
    shared_loop().run(box.sandbox.exec(["sh", "-c", script]))
    with pytest.raises(AgentError, match="ended with exit code") as caught:
        env.step(observation["instruction"])
    assert caught.value.context["failure"] == "crash"


def test_the_same_seed_gives_the_same_trajectory(env: gym.Env) -> None:
    def play() -> tuple[list[Any], list[Any]]:
        observation, _ = env.reset(seed=5)
        seen, calls = [observation], []
        for action in (observation["instruction"], "Look again", SUBMIT):
            observation, *_, info = env.step(action)
            seen.append(observation)
            calls += [({**call.request, "metadata": None}, call.response) for call in info["model_calls"]]
        return [untimed(each, claudebox_rl.env.seats.user.FACTS) for each in seen], calls

    assert play() == play()


def test_what_the_model_draws_follows_from_the_seed_of_the_reset(local_sandbox: str) -> None:
    env = make("ClaudeBox-v0", local_sandbox, model="seat_parts:SeededNop")

    def said(seed: int) -> str:
        env.reset(seed=seed)
        return env.step("hello")[0]["response"]

    first = said(1)
    assert first.startswith("seed ")
    assert first != "seed None"
    assert (said(2) == first, said(1) == first) == (False, True)
    env.close()


def test_facts_are_finite_and_named(env: gym.Env) -> None:
    observation, _ = env.reset()
    observation, *_ = env.step(observation["instruction"])
    facts = dict(zip(claudebox_rl.env.seats.user.FACTS, observation["facts"], strict=True))
    assert facts["step_index"] == facts["success"] == 1
    assert facts["num_tool_calls"] >= 2
    assert facts["duration_s"] > 0
    assert all(math.isfinite(value) for value in observation["facts"])
    assert observation["facts"].dtype == np.float64
