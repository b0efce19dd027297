from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import claudebox_rl
from claudebox_rl.config import PolicyConfig
from claudebox_rl.env.seats.model import ModelSeat
from claudebox_rl.env.seats.tool import ALLOW, DENY, REWRITE, ToolSeat
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.playing import run_episode
from claudebox_rl.policies import Place, close_policy, make_policy
from claudebox_rl.types import SUBMIT, EpisodeRequest, Outcome

SOLUTION = Path(claudebox_rl.__file__).parents[1] / "envs/quickstart/fix-bug/solution/solve.sh"
TEXT = UnicodeText(min_length=1)


def llm(seat, *turns, space=TEXT, **options):
    model = {"upstream": "scripted", "options": {"script": list(turns)}}
    return make_policy(PolicyConfig("llm", {"model": model, **options}), Place(seat, space))


def call(name, **given):
    return {"tools": [{"name": name, "input": given}]}


def user_sees(step, response=""):
    return {"instruction": "fix calc.py", "response": response, "facts": np.array([step] + [0.0] * 8)}


def test_the_user_talks_or_calls_a_tool_and_submits():
    policy = llm("user", {"text": "Please fix calc.py"}, call("prompt", text="Now test it"), call("submit"))
    assert policy(user_sees(0)) == "Please fix calc.py"
    assert policy(user_sees(1, "fixed")) == "Now test it"
    assert policy(user_sees(2, "tested")) == SUBMIT
    close_policy(policy)


def test_an_answer_that_is_no_action_is_asked_for_again():
    policy = llm("shell", {"text": "let me think"}, call("fly"), call("run", command="ls"))
    assert policy({"instruction": "i", "stdout": "", "stderr": "", "facts": np.zeros(3)}) == "ls"
    policy = llm("user", call("prompt"), call("prompt", text=""), {"text": " "})
    with pytest.raises(GatewayError, match="no action in 3 answers; the last time call one of the tools: prompt, sub"):
        policy(user_sees(0))


def test_a_supervisor_decides():
    space = ToolSeat.action_space()
    turns = [call("deny", reason="not there"), call("rewrite", input={"command": "ls -l"}), call("allow")]
    policy = llm("tool", *turns, space=space)
    seen = {"instruction": "i", "tool": "Bash", "input": {"command": "ls"}, "facts": np.zeros(3)}
    answers = [policy(seen) for _ in range(3)]
    assert [answer["decision"] for answer in answers] == [DENY, REWRITE, ALLOW]
    assert (answers[0]["reason"], answers[1]["input"]) == ("not there", {"command": "ls -l"})


def test_in_the_models_seat_the_request_goes_to_the_model_as_it_is():
    policy = llm("model", {"text": "Done."})
    seen = {"system": "be good", "messages": [{"role": "user", "content": "hi"}], "tools": []}
    assert policy(seen) == {"content": [{"type": "text", "text": "Done."}]}
    with pytest.raises(ConfigError, match="the agent says what the model is told"):
        llm("model", {"text": "x"}, system="other")


def test_a_model_that_fails_says_why():
    policy = llm("user", {"status": 529, "error": "try later"})
    with pytest.raises(GatewayError, match=r"529.*try later"):
        policy(user_sees(0))


def play(env_id, policy, **kwargs):
    env = gym.make(f"claudebox_rl:{env_id}", task="quickstart/fix-bug", sandbox="unsafe", actor=False, **kwargs)
    episode = run_episode(env, policy, EpisodeRequest())
    env.close()
    return episode.outcome, episode.episode_return, episode.num_steps


def test_it_plays_a_real_agent_in_the_users_seat():
    policy = llm("user", {"text": "Please fix the bug"}, call("submit"))
    assert play("ClaudeBox-v0", policy) == (Outcome.COMPLETED, 1.0, 2)


def test_it_is_the_model_of_a_real_agent():
    space = ModelSeat.action_space()
    policy = llm("model", call("Bash", command=SOLUTION.read_text()), {"text": "Done."}, space=space)
    assert play("ClaudeBoxModel-v0", policy) == (Outcome.COMPLETED, 1.0, 2)


def test_it_supervises_a_real_agent():
    policy = llm("tool", {**call("allow"), "repeat": True}, space=ToolSeat.action_space())
    outcome, worth, num_steps = play("ClaudeBoxTool-v0", policy)
    assert (outcome, worth) == (Outcome.COMPLETED, 1.0)
    assert num_steps >= 1
