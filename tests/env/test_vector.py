"""Several machines at the same time, through Gymnasium's own vector interface."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import AlreadyPendingCallError, ClosedEnvironmentError, NoAsyncCallError, ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import claudebox_rl  # noqa: F401
from claudebox_rl import SUBMIT
from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError, VectorEnvError
from claudebox_rl.sandbox import journal

TASK = "quickstart/fix-bug"
STARTS = 3
Make = Callable[..., gym.vector.VectorEnv]


@pytest.fixture
def make(local_sandbox: str) -> Any:
    made: list[gym.vector.VectorEnv] = []

    def shells(num_envs: int = 2, **kwargs: Any) -> gym.vector.VectorEnv:
        made.append(
            gym.make_vec(
                "ClaudeBoxShell-v0", num_envs=num_envs, task=TASK, sandbox=local_sandbox, actor=False, **kwargs
            )
        )
        return made[-1]

    yield shells
    for envs in made:
        envs.close()


def kill_machine(envs: gym.vector.VectorEnv, index: int) -> None:
    sandbox_id = envs.get_attr("unwrapped")[index]._host._core._episode.box.sandbox.sandbox_id
    (pid,) = [entry.machine_pid for entry in journal.records() if entry.sandbox_id == sandbox_id]
    os.kill(pid, signal.SIGKILL)


def refuse_starts(monkeypatch: pytest.MonkeyPatch, env: gym.Env, times: int) -> list[int]:
    """Let the next starts of one environment's machine fail; returns what is left of them."""
    left, start = [times], ClaudeBoxEnv.reset

    def reset(self: ClaudeBoxEnv, **kwargs: Any) -> Any:
        if self is env.unwrapped and left[0]:
            left[0] -= 1
            raise SandboxStartError("no room")
        return start(self, **kwargs)

    monkeypatch.setattr(ClaudeBoxEnv, "reset", reset)
    return left


def test_an_agent_is_prompted_and_finished_episodes_are_reset(local_sandbox: str) -> None:
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


def test_all_are_at_work_at_the_same_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    envs = make(4)
    envs.reset(seed=0)
    meeting, step = threading.Barrier(4, timeout=60), ClaudeBoxEnv.step

    def meet(self: ClaudeBoxEnv, action: Any) -> Any:
        meeting.wait()
        return step(self, action)

    monkeypatch.setattr(ClaudeBoxEnv, "step", meet)
    observations, *_ = envs.step(("echo a", "echo b", "echo c", "echo d"))
    assert observations["stdout"] == ("a\n", "b\n", "c\n", "d\n")


def test_the_next_machine_boots_while_others_are_at_their_step(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    envs = make(autoreset_mode="SameStep")
    envs.reset(seed=0)
    slow = envs.get_attr("unwrapped")[1]
    booted, reset, step = threading.Event(), ClaudeBoxEnv.reset, ClaudeBoxEnv.step

    def reset_and_tell(self: ClaudeBoxEnv, **kwargs: Any) -> Any:
        answer = reset(self, **kwargs)
        booted.set()
        return answer

    def step_late(self: ClaudeBoxEnv, action: Any) -> Any:
        assert self is not slow or booted.wait(60)
        return step(self, action)

    monkeypatch.setattr(ClaudeBoxEnv, "reset", reset_and_tell)
    monkeypatch.setattr(ClaudeBoxEnv, "step", step_late)
    _, _, terminated, _, infos = envs.step((SUBMIT, "true"))
    assert terminated.tolist() == [True, False]
    assert "error" not in infos


def test_next_step_is_the_default(make: Make) -> None:
    envs = make()
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    first = envs.reset(seed=0)[1]["episode_id"]
    envs.step((SUBMIT, "true"))
    observations, rewards, terminated, _, infos = envs.step(("ignored, so it may be anything", "true"))
    assert (rewards.tolist(), terminated.tolist()) == ([0, 0], [False, False])
    assert observations["facts"][:, 0].tolist() == [0, 2]
    assert infos["episode_id"][0] not in first
    assert infos["episode_id"][1] == first[1]


def test_same_step_tells_of_both_episodes(make: Make) -> None:
    envs = make(autoreset_mode=AutoresetMode.SAME_STEP)
    first = envs.reset(seed=0)[1]["episode_id"]
    envs.step(("echo last", "true"))
    observations, _, terminated, _, infos = envs.step((SUBMIT, "true"))
    assert terminated.tolist() == [True, False]
    assert observations["facts"][:, 0].tolist() == [0, 2]
    assert infos["final_obs"][0]["facts"][0] == 2
    assert infos["final_obs"][1] is None
    assert infos["_final_info"].tolist() == [True, False]
    assert (infos["final_info"]["episode_id"][0], infos["final_info"]["outcome"][0]) == (first[0], "completed")
    assert infos["episode_id"][0] != first[0]


def test_disabled_leaves_it_to_the_caller(make: Make) -> None:
    envs = make(autoreset_mode="Disabled")
    with pytest.raises(ResetNeeded, match=r"\[0, 1\]"):
        envs.step(("true", "true"))
    envs.reset(seed=0)
    envs.step((SUBMIT, "true"))
    with pytest.raises(ResetNeeded, match=r"environments \[0\] are in no episode"):
        envs.step(("true", "true"))
    options = {"reset_mask": np.array([True, False])}
    observations, infos = envs.reset(options=options)
    assert observations["facts"][:, 0].tolist() == [0, 1]
    assert infos["_episode_id"].tolist() == [True, False]
    assert "reset_mask" in options, "wrappers read it afterwards"
    assert envs.step(("true", "true"))[0]["facts"][:, 0].tolist() == [1, 2]


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_a_killed_machine_ends_its_own_episode_alone(make: Make, mode: str) -> None:
    envs = RecordEpisodeStatistics(make(3, autoreset_mode=mode))
    envs.reset(seed=0)
    envs.step(("true", "echo kept > note", "true"))
    kill_machine(envs.unwrapped, 0)
    observations, rewards, terminated, truncated, infos = envs.step(("true", "cat note", SUBMIT))
    assert np.isnan(rewards).tolist() == [True, False, False], "no number stands where nothing was judged"
    assert (terminated.tolist(), truncated.tolist()) == ([False, False, True], [True, False, False])
    assert observations["stdout"][1] == "kept\n"
    told = infos["final_info"] if mode == "SameStep" else infos
    assert told["_error"].tolist() == [True, False, False]
    assert type(told["error"][0]) is SandboxUnavailableError
    assert told["outcome"].tolist()[::2] == ["infra_error", "completed"]
    assert np.isnan(envs.return_queue[0])
    assert envs.return_queue[1] == 0
    if mode == "Disabled":
        envs.reset(options={"reset_mask": truncated | terminated})
    elif mode == "NextStep":
        assert envs.step(("true", "true", "true"))[1].tolist() == [0, 0, 0]
    observations, rewards, *_ = envs.step(("echo anew", "cat note", "true"))
    assert observations["stdout"][:2] == ("anew\n", "kept\n")
    assert rewards.tolist() == [0, 0, 0]


def test_a_start_that_fails_for_good_loses_no_result(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    envs = make(autoreset_mode="SameStep")
    envs.reset(seed=0)
    refuse_starts(monkeypatch, envs.get_attr("unwrapped")[0], STARTS)
    with pytest.raises(VectorEnvError, match=r"\[0\] SandboxStartError: no room") as caught:
        envs.step((SUBMIT, "echo kept"))
    assert list(caught.value.context["errors"]) == [0]
    observations, rewards, terminated, _, infos = caught.value.context["results"]
    assert (rewards.tolist(), terminated.tolist()) == ([0, 0], [True, False])
    assert observations["stdout"][1] == "kept\n"
    assert infos["final_info"]["outcome"][0] == "completed"
    with pytest.raises(ResetNeeded, match=r"\[0\]"):
        envs.step(("true", "true"))
    envs.reset(options={"reset_mask": np.array([True, False])})
    assert envs.step(("true", "true"))[0]["facts"][:, 0].tolist() == [1, 2]


def test_a_reset_names_those_that_did_not_start(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    envs = make()
    refuse_starts(monkeypatch, envs.get_attr("unwrapped")[1], STARTS)
    with pytest.raises(VectorEnvError) as caught:
        envs.reset(seed=0)
    assert list(caught.value.context["errors"]) == [1]
    assert caught.value.context["results"]["_episode_id"].tolist() == [True, False]
    observations, _ = envs.reset(seed=[None, 1], options={"reset_mask": np.array([False, True])})
    assert observations["facts"][:, 0].tolist() == [0, 0]


def test_steps_are_begun_now_and_collected_later(make: Make) -> None:
    envs: Any = make()
    envs.reset_async(seed=0)
    envs.reset_wait()
    with pytest.raises(NoAsyncCallError):
        envs.step_wait()
    envs.step_async(("sleep 1; echo a", "echo b"))
    with pytest.raises(AlreadyPendingCallError):
        envs.step(("true", "true"))
    with pytest.raises(TimeoutError, match="goes on"):
        envs.step_wait(timeout=0)
    assert envs.step_wait()[0]["stdout"] == ("a\n", "b\n")


def test_closing_cuts_off_what_is_at_work(make: Make) -> None:
    envs: Any = make()
    envs.reset(seed=0)
    ids = {env._host._core._episode.box.sandbox.sandbox_id for env in envs.get_attr("unwrapped")}
    envs.step_async(("sleep 100", "sleep 100"))
    envs.close()
    assert not ids & {entry.sandbox_id for entry in journal.records()}
    with pytest.raises(ClosedEnvironmentError):
        envs.step(("true", "true"))


def test_methods_and_attributes_of_each(make: Make) -> None:
    envs = make(rewards=["step_penalty"], render_mode="ansi")
    envs.reset(seed=[3, 4])
    assert envs.np_random_seed == (3, 4)
    envs.step(("echo one", "echo two"))
    assert [("one" in envs.render()[0]), ("two" in envs.render()[1])] == [True, True]
    envs.set_attr("note", ["a", "b"])
    assert envs.get_attr("note") == ("a", "b")
    envs.set_attr("note", "both")
    assert envs.call("note") == ("both", "both")
    with pytest.raises(VectorEnvError, match="AttributeError"):
        envs.get_attr("nothing")
    with pytest.raises(ConfigError, match="3 values for 2 environments"):
        envs.set_attr("note", [1, 2, 3])
    with pytest.raises(ConfigError, match="use step"):
        envs.call("step", "true")


def test_malformed_input_is_refused_before_anything_is_sent(make: Make) -> None:
    envs = make()
    envs.reset(seed=0)
    with pytest.raises(ConfigError, match="text that is not empty"):
        envs.step(("echo sent", ""))
    assert envs.step(("true", "true"))[0]["facts"][:, 0].tolist() == [1, 1]
    for options in ({"reset_mask": [1, 0]}, {"reset_mask": np.zeros(2, bool)}, {"reset_mask": np.ones(3, bool)}):
        with pytest.raises(ConfigError, match="reset_mask must be an array of 2 booleans"):
            envs.reset(options=options)
    with pytest.raises(ConfigError, match="3 seeds for 2"):
        envs.reset(seed=[1, 2, 3])
    with pytest.raises(ConfigError, match="none of this environment's"):
        envs.reset(options={"task": "no/such"})


def test_unknown_keywords_are_refused() -> None:
    with pytest.raises(TypeError, match="tsk"):
        gym.make_vec("ClaudeBox-v0", num_envs=2, tsk=TASK)
    with pytest.raises(ConfigError, match="known: NextStep, SameStep, Disabled"):
        gym.make_vec("ClaudeBox-v0", num_envs=2, task=TASK, autoreset_mode="later")
