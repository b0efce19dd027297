"""`ClaudeBoxModel-v0`: the policy is the model of the unmodified CLI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from seat_parts import TASK, check, make, rebuilt

from claudebox_rl import load_dataset, run_episode
from claudebox_rl.env.loop import shared_loop
from claudebox_rl.env.seats.model import FACTS
from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.policies.decline import decline
from claudebox_rl.trajectory import commit
from claudebox_rl.types import EpisodeRequest, Outcome

FIX = (Path(__file__).parents[2] / "envs/quickstart/fix-bug/solution/solve.sh").read_text()
ID = "ClaudeBoxModel-v0"


@pytest.fixture
def env(local_sandbox: str) -> Iterator[gym.Env]:
    env = make(ID, local_sandbox)
    yield env
    env.close()


def bash(command: str) -> dict[str, Any]:
    return {"type": "tool_use", "name": "Bash", "input": {"command": command}}


def says(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"content": list(blocks)}


def facts(observation: dict[str, Any]) -> dict[str, float]:
    return dict(zip(FACTS, observation["facts"].tolist(), strict=True))


def test_the_policy_drives_the_cli_to_solve_a_task(env: gym.Env) -> None:
    observation, info = env.reset(seed=1)
    assert observation in env.observation_space
    assert (info["agent"], info["agent_version"], info["model"]) == ("claude", "2.1.330", "claudebox-policy")
    assert "Claude" in observation["system"]
    assert {tool["name"] for tool in observation["tools"]} == {"Bash", "Read", "Write", "Edit"}
    assert "free_slots" in str(observation["messages"])
    observation, reward, terminated, truncated, info = env.step(says(bash(FIX), bash("cat no-such-file")))
    assert observation in env.observation_space
    assert (reward, terminated, truncated, info["result"]) == (0.0, False, False, None)
    assert "No such file" in str(observation["messages"][-1])
    assert (facts(observation)["step_index"], facts(observation)["is_main"]) == (1, 1)
    assert facts(observation)["num_messages"] == len(observation["messages"])
    assert [call.response["content"][0]["name"] for call in info["model_calls"]] == ["Bash"]
    observation, reward, terminated, truncated, info = env.step("Done: the cause was the cursor.")
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, True, False, "completed")
    assert (observation["messages"], observation["tools"]) == ([], [])
    assert info["result"].response == "Done: the cause was the cursor."
    assert [call.is_error for call in info["result"].action_log] == [False, True]
    with pytest.raises(ClaudeBoxError, match="reset"):
        env.unwrapped.step("more")


def test_a_prompt_of_ones_own(env: gym.Env) -> None:
    observation, _ = env.reset(options={"prompt": "Say the word: heliotrope"})
    assert "heliotrope" in str(observation["messages"])
    assert "free_slots" not in str(observation["messages"])


def test_the_last_step_truncates_with_what_was_done(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, max_steps=2)
    env.reset()
    env.step(says(bash(FIX)))
    observation, reward, terminated, truncated, info = env.step(says(bash("echo more")))
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, False, True, "truncated")
    assert "more" in str(observation["messages"][-1]), "the request that nobody answered"
    assert [call.input["command"] for call in info["result"].action_log] == [FIX, "echo more"]
    assert [call.status for call in info["model_calls"]] == [200, 0]
    env.close()


def test_the_cli_s_own_limit_truncates(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, agent={"max_turns": 1})
    env.reset()
    _, _, terminated, truncated, info = env.step(says(bash("true")))
    assert (terminated, truncated, info["result"].failure) == (False, True, "max_turns")
    env.close()


def test_a_malformed_message_is_refused_and_the_episode_goes_on(env: gym.Env) -> None:
    env.reset()
    for action in ("", {"content": []}, {"content": [{"type": "tool_use", "name": "Bash", "input": 3}]}):
        assert action not in env.action_space
        with pytest.raises(ConfigError):
            env.unwrapped.step(action)
    assert env.step("fine")[2]


def test_sub_agents_wait_in_the_same_line(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, agent={"tools": ["Bash", "Task"]})
    env.reset(seed=2)
    task = {"description": "d", "prompt": "look around", "subagent_type": "general-purpose"}
    observation, *_ = env.step(says(*({"type": "tool_use", "name": "Agent", "input": task} for _ in range(2))))
    answered = [observation]
    while not facts(observation)["is_main"]:
        assert "look around" in str(observation["messages"])
        observation, _, terminated, *_ = env.step(f"I am number {len(answered)}")
        assert not terminated
        answered.append(observation)
    assert len(answered) == 3
    assert "I am number 1" in str(observation["messages"])
    assert "I am number 2" in str(observation["messages"])
    _, _, terminated, _, info = env.step("done")
    assert terminated
    assert info["model_calls"][0].agent_path == "main"
    env.close()


def test_the_same_seed_gives_the_same_trajectory(env: gym.Env) -> None:
    def play(seed: int) -> str:
        first, _ = env.reset(seed=seed)
        actions = (says(bash("ls; date +%Y; python3 -m unittest 2>&1 | head -1")), says(bash("cat freetime.py")), "ok")
        seen = [first, *(env.step(action)[0] for action in actions)]
        return json.dumps([{**each, "facts": each["facts"].tolist()} for each in seen])

    assert play(5) == play(5)


def test_check_env_is_clean(local_sandbox: str) -> None:
    check(make(ID, local_sandbox, render_mode="ansi"))


def test_the_spec_rebuilds_it(env: gym.Env) -> None:
    again = rebuilt(env)
    again.reset()
    assert again.step("nothing to do")[2]
    again.close()


def test_a_rollout_stores_requests_and_messages(env: gym.Env, tmp_path: Path) -> None:
    actions = iter([says(bash("echo seen")), "done"])
    episode = run_episode(env, lambda _: next(actions), EpisodeRequest(episode_id="e1"), dataset=tmp_path)
    assert (episode.outcome, episode.num_steps, episode.num_turns) == (Outcome.COMPLETED, 2, 2)
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    assert json.loads(record.steps[0].action) == says(bash("echo seen"))
    assert record.steps[1].action == "done"
    assert "seen" in str(record.steps[1].observation["messages"])
    assert len(record.model_calls) == 2
    assert [call.output for call in record.steps[1].tool_calls] == ["seen"]


def test_the_plainest_policy_leaves_all_as_it_is(env: gym.Env) -> None:
    episode = run_episode(env, decline)
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 0.0)


def test_vectors_of_models(local_sandbox: str) -> None:
    envs = gym.make_vec(ID, num_envs=2, task=TASK, sandbox=local_sandbox, actor=False)
    envs.reset(seed=0)
    observations, _, terminated, *_ = envs.step((says(bash("echo one")), "done"))
    assert "one" in str(observations["messages"][0][-1])
    assert terminated.tolist() == [False, True]
    envs.close()


def test_an_agent_that_dies_while_the_policy_thinks_is_its_own_fault(env: gym.Env) -> None:
    script = 'for p in /proc/[0-9]*; do grep -qs "[c]laude-code/claude" $p/cmdline && kill -9 ${p#/proc/}; done; true'

    def kill_then_answer(observation: dict[str, Any]) -> str:
        shared_loop().run(env.unwrapped._host._core._episode.box.sandbox.exec(["sh", "-c", script]))
        return "too late"

    episode = run_episode(env, kill_then_answer)
    assert (episode.outcome, episode.error_type, episode.num_steps) == (Outcome.AGENT_ERROR, "AgentError", 1)


def test_a_machine_that_dies_while_the_policy_thinks_is_no_reward(env: gym.Env) -> None:
    def stop_then_answer(observation: dict[str, Any]) -> str:
        shared_loop().run(env.unwrapped._host._core._episode.box.sandbox.stop())
        return "too late"

    episode = run_episode(env, stop_then_answer)
    assert (episode.outcome, episode.episode_return) == (Outcome.INFRA_ERROR, None)
    env.reset()
    assert env.step("done")[2]


def test_closing_in_the_middle_is_quick_and_clean(env: gym.Env) -> None:
    env.reset()
    env.close()
    env.reset()


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [({"model": "oracle"}, "model=policy, not oracle"), ({"agent": "nop"}, "agent=nop asks no model")],
)
def test_what_has_no_place_here_is_refused(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(ID, "local", **kwargs)


def test_nobody_else_can_wait_for_the_policy() -> None:
    with pytest.raises(ConfigError, match="model=policy"):
        make("ClaudeBox-v0", "local", model="policy")
