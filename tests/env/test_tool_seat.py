"""`ClaudeBoxTool-v0`: the policy supervises the tools of the unmodified CLI."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from seat_parts import TASK, check, make, rebuilt

from claudebox_rl import load_dataset, run_episode
from claudebox_rl.env.seats.tool import ALLOW, DENY, FACTS, REWRITE
from claudebox_rl.errors import ConfigError
from claudebox_rl.policies.allow import allow
from claudebox_rl.trajectory import commit
from claudebox_rl.types import EpisodeRequest, Outcome

ID = "ClaudeBoxTool-v0"


def bash(command: str) -> dict[str, Any]:
    return {"name": "Bash", "input": {"command": command}}


def scripted(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"upstream": "scripted", "options": {"script": [*turns, {"text": "I am done.", "repeat": True}]}}


def act(decision: int, reason: str = "", **given: Any) -> dict[str, Any]:
    return {"decision": decision, "reason": reason, "input": given}


def facts(observation: dict[str, Any]) -> dict[str, float]:
    return dict(zip(FACTS, observation["facts"].tolist(), strict=True))


def test_the_cli_does_as_the_policy_says(local_sandbox: str) -> None:
    script = [{"tools": [bash(f"echo {word} >> made; cat made")]} for word in ("one", "two", "three")]
    env = make(ID, local_sandbox, model=scripted(*script))
    observation, info = env.reset(seed=1)
    assert observation in env.observation_space
    assert (observation["tool"], observation["agent_path"]) == ("Bash", "main")
    assert observation["input"]["command"] == "echo one >> made; cat made"
    assert (info["agent"], info["model"]) == ("claude", "claudebox-scripted")
    observation, reward, terminated, truncated, info = env.step(act(ALLOW))
    assert (reward, terminated, truncated, len(info["model_calls"])) == (0.0, False, False, 2)
    assert "echo two" in observation["input"]["command"]
    observation, *_ = env.step(act(DENY, "two is too many"))
    assert (facts(observation)["step_index"], facts(observation)["is_main"]) == (2, 1)
    rewritten = {**observation["input"], "command": "echo instead >> made; cat made"}
    observation, reward, terminated, truncated, info = env.step(act(REWRITE, **rewritten))
    assert (reward, terminated, truncated, info["outcome"]) == (0.0, True, False, "completed")
    assert (observation["tool"], observation["input"]) == ("", {})
    first, second, third = info["result"].action_log
    assert (first.output, first.is_error) == ("one", False)
    assert "two is too many" in second.output
    assert second.is_error
    assert third.output == "one\ninstead"
    assert info["result"].num_policy_violations == 0
    env.close()


def test_a_task_is_solved_where_every_call_is_allowed(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, model="oracle")
    episode = run_episode(env, allow)
    assert (episode.outcome, episode.episode_return, episode.num_steps) == (Outcome.COMPLETED, 1.0, 2)
    env.close()


def test_an_episode_without_a_call_ends_with_its_first_step(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, model="nop")
    observation, _ = env.reset()
    assert observation["tool"] == ""
    _, reward, terminated, _, info = env.step(act(DENY))
    assert (reward, terminated, info["outcome"]) == (0.0, True, "completed")
    assert info["result"].success
    env.close()


def test_calls_made_at_once_wait_in_a_line(local_sandbox: str) -> None:
    reads = [{"name": "Read", "input": {"file_path": f"/workspace/{name}"}} for name in ("a", "b", "c")]
    env = make(ID, local_sandbox, model=scripted({"tools": reads}))
    observation, _ = env.reset()
    asked = []
    while observation["tool"]:
        asked.append(observation["input"]["file_path"])
        observation, _, terminated, _, info = env.step(act(DENY, f"not {asked[-1]}"))
    assert terminated
    assert sorted(asked) == ["/workspace/a", "/workspace/b", "/workspace/c"]
    assert [f"not {call.input['file_path']}" in call.output for call in info["result"].action_log] == [True] * 3
    env.close()


def test_a_sub_agents_calls_are_asked_about(local_sandbox: str) -> None:
    task = {"name": "Agent", "input": {"description": "d", "prompt": "p", "subagent_type": "general-purpose"}}
    env = make(ID, local_sandbox, model=scripted({"tools": [task]}), agent={"tools": ["Bash", "Task"]})
    observation, _ = env.reset()
    assert (observation["tool"], observation["agent_path"]) == ("Agent", "main")
    _, _, terminated, *_ = env.step(act(DENY, "alone"))
    assert terminated
    env.close()


def test_without_a_decision_in_time_the_call_does_not_run(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, model=scripted({"tools": [bash("touch made")]}), agent={"policy_timeout_s": 0.5})
    env.reset()
    time.sleep(2)
    _, _, terminated, _, info = env.step(act(ALLOW))
    assert terminated
    (call,) = info["result"].action_log
    assert call.is_error
    assert "was not judged in 0.5 s and did not run" in call.output
    env.close()


def test_a_security_policy_has_the_last_word(local_sandbox: str) -> None:
    script = [{"tools": [bash("echo fine")]}, {"tools": [bash("echo fine")]}]
    env = make(ID, local_sandbox, model=scripted(*script), security_policy={"blocked_commands": ["rm"]})
    env.reset()
    env.step(act(REWRITE, command="rm -rf /workspace"))
    *_, info = env.step(act(ALLOW))
    first, second = info["result"].action_log
    assert (first.is_error, first.policy_violation is not None) == (True, True)
    assert (second.output, second.policy_violation) == ("fine", None)
    env.close()


def test_the_last_step_truncates(local_sandbox: str) -> None:
    turn = {"tools": [bash("echo again")], "repeat": True}
    env = make(ID, local_sandbox, model={"upstream": "scripted", "options": {"script": [turn]}}, max_steps=2)
    env.reset()
    env.step(act(ALLOW))
    observation, _, terminated, truncated, info = env.step(act(ALLOW))
    assert (terminated, truncated, info["outcome"], observation["tool"]) == (False, True, "truncated", "Bash")
    assert [call.output for call in info["result"].action_log][:2] == ["again", "again"]
    env.close()


def test_the_same_seed_gives_the_same_trajectory(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, model="oracle")

    def play() -> str:
        observation, _ = env.reset(seed=5)
        seen = [observation]
        while observation["tool"]:
            observation, *_ = env.step(act(ALLOW))
            seen.append(observation)
        return json.dumps([{**each, "facts": each["facts"].tolist()} for each in seen])

    assert play() == play()
    env.close()


def test_check_env_is_clean(local_sandbox: str) -> None:
    check(make(ID, local_sandbox, model="oracle", render_mode="ansi"))


def test_the_spec_rebuilds_it(local_sandbox: str) -> None:
    env = make(ID, local_sandbox, model="nop")
    again = rebuilt(env)
    again.reset()
    assert again.step(again.action_space.sample())[2]
    again.close()


def test_a_rollout_stores_calls_and_decisions(local_sandbox: str, tmp_path: Path) -> None:
    env = make(ID, local_sandbox, model=scripted({"tools": [bash("echo hi")]}))
    decisions = iter([{"decision": np.int64(DENY), "reason": "no", "input": {}}])
    episode = run_episode(env, lambda _: next(decisions), EpisodeRequest(episode_id="e1"), dataset=tmp_path)
    assert episode.outcome is Outcome.COMPLETED
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    (step,) = record.steps
    assert json.loads(step.action) == {"decision": DENY, "reason": "no", "input": {}}
    assert (step.observation["tool"], step.observation["input"]["command"]) == ("Bash", "echo hi")
    env.close()


def test_vectors_of_supervisors(local_sandbox: str) -> None:
    model = scripted({"tools": [bash("echo hi")]})
    envs = gym.make_vec(ID, num_envs=2, task=TASK, sandbox=local_sandbox, actor=False, model=model)
    observations, _ = envs.reset(seed=0)
    assert observations["tool"] == ("Bash", "Bash")
    actions = {"decision": np.array([ALLOW, DENY]), "reason": ("", "no"), "input": ({}, {})}
    *_, infos = envs.step(actions)
    assert [result.action_log[0].is_error for result in infos["result"]] == [False, True]
    envs.close()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("allow", "an object of decision, input, reason"),
        ({"decision": 3}, "decision must be 0"),
        ({"decision": True}, "decision must be 0"),
        ({}, "decision must be 0"),
        ({"decision": 1, "reason": 4}, "reason must be a text"),
        ({"decision": 2}, "a rewritten input must be a JSON object"),
        ({"decision": 2, "input": {"x": float("inf")}}, "a rewritten input must be a JSON object"),
        ({"decision": 0, "verdict": 1}, "an object of"),
    ],
)
def test_malformed_actions_are_refused_before_anything_is_sent(action: Any, message: str) -> None:
    env = make(ID, "local", model="nop")
    with pytest.raises(ConfigError, match=message):
        env.unwrapped.step(action)


def test_what_has_no_place_here_is_refused() -> None:
    with pytest.raises(ConfigError, match="model=policy"):
        make(ID, "local", model="policy")
    with pytest.raises(ConfigError, match="agent=nop can't have its tool calls judged"):
        make(ID, "local", agent="nop")
