"""`ClaudeBoxShell-v0`: the policy is the agent itself, in a real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from seat_parts import TASK, check, make, rebuilt, untimed

from claudebox_rl import SUBMIT, load_dataset, run_episode
from claudebox_rl.env.seats.shell import FACTS
from claudebox_rl.errors import ConfigError
from claudebox_rl.policies.submit import submit
from claudebox_rl.trajectory import commit
from claudebox_rl.types import EpisodeRequest, Outcome

FIX = (Path(__file__).parents[2] / "envs/quickstart/fix-bug/solution/solve.sh").read_text()
ID = "ClaudeBoxShell-v0"


@pytest.fixture
def env(local_sandbox: str) -> Iterator[gym.Env]:
    env = make(ID, local_sandbox, max_steps=5)
    yield env
    env.close()


def facts(observation: dict[str, Any]) -> dict[str, float]:
    return dict(zip(FACTS, observation["facts"].tolist(), strict=True))


def test_a_policy_solves_a_task_by_commands(env: gym.Env) -> None:
    observation, info = env.reset(seed=1)
    assert observation in env.observation_space
    assert (info["task_id"], info["agent"], info["model"]) == (TASK, "shell", "")
    assert observation["instruction"]
    assert not observation["stdout"]
    observation, reward, terminated, truncated, info = env.step("ls; no-such-program; cd /tmp")
    assert observation in env.observation_space
    assert "freetime.py" in observation["stdout"]
    assert "no-such-program" in observation["stderr"]
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert [call.input["command"] for call in info["result"].action_log] == ["ls; no-such-program; cd /tmp"]
    observation, *_ = env.step("pwd; exit 3")
    assert observation["stdout"] == "/tmp\n"
    assert (facts(observation)["step_index"], facts(observation)["exit_code"]) == (2, 3)
    env.step(f"cd /workspace\n{FIX}")
    observation, reward, terminated, truncated, info = env.step(SUBMIT)
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, True, False, "completed")


def test_the_last_step_truncates_and_judges(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, max_steps=1)
    env.reset()
    _, reward, terminated, truncated, info = env.step(FIX)
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, False, True, "truncated")
    env.close()


def test_a_hung_command_is_an_observation(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, agent={"timeout_s": 3})
    env.reset()
    observation, _, terminated, truncated, _ = env.step("echo before; sleep 100")
    assert (terminated, truncated) == (False, False)
    assert (observation["stdout"], facts(observation)["timed_out"], facts(observation)["exit_code"]) == (
        "before\n", 1, 124,
    )  # fmt: skip
    assert env.step("pwd")[0]["stdout"] == "/workspace\n"
    env.close()


def test_check_env_is_clean(local_sandbox: str) -> None:
    check(make(ID, local_sandbox, render_mode="ansi"))


def test_the_spec_rebuilds_it(env: gym.Env) -> None:
    again = rebuilt(env)
    again.reset()
    assert again.step("echo hello")[0]["stdout"] == "hello\n"
    again.close()


def test_the_same_seed_gives_the_same_trajectory(env: gym.Env) -> None:
    def play() -> list[Any]:
        first, _ = env.reset(seed=5)
        commands = ("ls -a", "cat *.py; false", "export A=1; cd ..; pwd; env")
        seen = [first, *(env.step(command)[0] for command in commands)]
        return [*(untimed(each, FACTS) for each in seen), env.step(SUBMIT)[1]]

    assert play() == play()


def test_a_rollout_stores_commands_and_outputs(env: gym.Env, tmp_path: Path) -> None:
    actions = iter(["echo seen", SUBMIT])
    episode = run_episode(env, lambda _: next(actions), EpisodeRequest(episode_id="e1"), dataset=tmp_path)
    assert (episode.outcome, episode.episode_return, episode.agent) == (Outcome.COMPLETED, 0.0, "shell")
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    first, second = record.steps
    assert (first.action, first.tool_calls[0].output) == ("echo seen", "seen\n")
    assert (second.action, second.observation["stdout"]) == (SUBMIT, "seen\n")


def test_the_plainest_policy_hands_in_what_is_there(env: gym.Env) -> None:
    assert run_episode(env, submit).episode_return == 0.0


def test_vectors_of_shells(local_sandbox: str) -> None:
    envs = gym.make_vec(ID, num_envs=2, task=TASK, sandbox=local_sandbox, actor=False)
    envs.reset(seed=0)
    observations, *_ = envs.step(("echo one", "echo two"))
    assert observations["stdout"] == ("one\n", "two\n")
    envs.close()


def test_another_agent_and_no_command_are_refused(local_sandbox: str) -> None:
    with pytest.raises(ConfigError, match="agent=shell, not claude"):
        make(ID, local_sandbox, agent="claude")
    env = make(ID, local_sandbox)
    for action in ("", 3, {"command": "ls"}):
        with pytest.raises(ConfigError, match="a text that is not empty"):
            env.unwrapped.step(action)
