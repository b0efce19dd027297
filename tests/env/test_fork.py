"""Episodes that go on from one machine state, on real machines and with the real CLI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from seat_parts import make, untimed

from claudebox_rl import SUBMIT, fork_env, load_dataset, run_episode
from claudebox_rl.env.seats.shell import FACTS
from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.trajectory import commit
from claudebox_rl.types import EpisodeRequest, Outcome

FIX = (Path(__file__).parents[2] / "envs/quickstart/fix-bug/solution/solve.sh").read_text()


def bash(command: str) -> dict[str, Any]:
    return {"name": "Bash", "input": {"command": command}}


def test_shells_go_on_from_the_same_state_and_part(local_sandbox: str) -> None:
    env = make("ClaudeBoxShell-v0", local_sandbox, rewards=[{"name": "step_penalty", "kwargs": {"coef": 0.25}}])
    _, info = env.reset(seed=1)
    env.step("mkdir deep; cd deep; export X=kept; echo seen; sleep 1000 &")
    heirs = fork_env(env, 2)
    commands = (
        "pwd; echo $X; pgrep -x sleep; cat note; echo one > note",
        "echo two > note; cat ../freetime.py | wc -l",
    )
    first, second = ([heir.step(command)[0] for command in commands] for heir in heirs)
    assert [untimed(each, FACTS) for each in first] == [untimed(each, FACTS) for each in second]
    assert first[0]["stdout"] == "/workspace/deep\nkept\n"
    assert "note: No such file" in first[0]["stderr"]
    observation, reward, *_ = env.step("cat note; pgrep -x sleep > /dev/null && echo alive")
    assert (observation["stdout"], reward) == ("alive\n", -0.25)
    assert heirs[1].step("true")[1] == -0.25, "the wrappers came along"
    heirs[0].step(f"cd /workspace\n{FIX}")
    _, reward, terminated, _, told = heirs[0].step(SUBMIT)
    assert (reward, terminated, told["reward_terms"]["step_penalty"]) == (1.0, True, 0.0)
    assert (told["parent_episode_id"], told["fork_step"]) == (info["episode_id"], 1)
    _, reward, _, _, other = heirs[1].step(SUBMIT)
    assert reward == 0.0
    assert len({told["episode_id"], other["episode_id"], info["episode_id"]}) == 3
    _, reward, _, _, own = env.step(SUBMIT)
    assert (reward, own["parent_episode_id"], own["fork_step"]) == (0.0, None, None)
    for each in (env, *heirs):
        each.close()


def test_a_fork_shows_what_its_parent_saw_and_can_be_reset(local_sandbox: str) -> None:
    env = make("ClaudeBoxShell-v0", local_sandbox, render_mode="ansi")
    env.reset(seed=1)
    env.step("echo seen")
    (heir,) = fork_env(env)
    env.close()
    assert heir.render() == "seen\n"
    (grandchild,) = fork_env(heir)
    assert grandchild.step("cat freetime.py | head -1")[0]["stdout"].startswith('"""Free time')
    heir.reset(seed=2)
    *_, info = heir.step("true")
    assert (info["parent_episode_id"], info["fork_step"]) == (None, None)
    heir.close()
    grandchild.close()


def test_conversations_go_on_from_the_same_word(local_sandbox: str) -> None:
    turns = [
        {"tools": [bash("echo heliotrope > word")]},
        {"text": "The word is heliotrope."},
        {"tools": [bash("cat word; echo more >> word")]},
        {"text": "I remember."},
        {"text": "And so on.", "repeat": True},
    ]
    env = make("ClaudeBox-v0", local_sandbox, model={"upstream": "scripted", "options": {"script": turns}})
    _, info = env.reset(seed=1)
    env.step("Choose a word")
    heirs = fork_env(env, 2)
    for each in (*heirs, env):
        observation, _, _, _, told = each.step("Which word?")
        assert observation["response"] == "I remember."
        (call,) = told["result"].action_log
        assert call.output == "heliotrope", "each has the file as it was"
        sent = str(told["model_calls"][0].request["messages"])
        assert "Choose a word" in sent
        assert "The word is heliotrope." in sent
    *_, told = heirs[1].step("Once more")
    assert (told["parent_episode_id"], told["fork_step"]) == (info["episode_id"], 1)
    assert "I remember." in str(told["model_calls"][0].request["messages"])
    for each in (env, *heirs):
        each.close()


def test_a_fork_before_the_first_prompt_begins_a_conversation(local_sandbox: str) -> None:
    env = make("ClaudeBox-v0", local_sandbox, model="oracle")
    observation, _ = env.reset(seed=1)
    (heir,) = fork_env(env)
    env.close()
    heir.step(observation["instruction"])
    assert heir.step(SUBMIT)[1] == 1.0
    heir.close()


def test_forks_are_stored_with_their_parent(local_sandbox: str, tmp_path: Path) -> None:
    env = make("ClaudeBoxShell-v0", local_sandbox)
    env.reset(seed=1)
    env.step(f"cd /workspace\n{FIX}")
    (heir,) = fork_env(env)
    seen: list[dict[str, Any]] = []

    def look_then_submit(observation: dict[str, Any]) -> str:
        seen.append(observation)
        return SUBMIT if len(seen) > 1 else "echo of the fork"

    request = EpisodeRequest(run_id="r", group_id="g")
    episode = run_episode(heir, look_then_submit, request, dataset=tmp_path, go_on=True)
    assert (episode.outcome, episode.episode_return, episode.group_id) == (Outcome.COMPLETED, 1.0, "g")
    assert (episode.parent_episode_id, episode.fork_step) == (env.unwrapped.begun.info["episode_id"], 1)
    assert seen[0]["facts"][0] == 1, "it begins with what its parent saw"
    commit(tmp_path)
    (record,) = load_dataset(tmp_path)
    assert record.episode == episode
    assert [step.action for step in record.steps] == ["echo of the fork", SUBMIT]
    env.close()
    heir.close()
    with pytest.raises(ConfigError, match="in no episode"):
        run_episode(make("ClaudeBoxShell-v0", local_sandbox), go_on=True)


@pytest.mark.parametrize("env_id", ["ClaudeBoxModel-v0", "ClaudeBoxTool-v0"])
def test_where_the_agent_is_at_work_between_steps_there_is_no_fork(local_sandbox: str, env_id: str) -> None:
    env = make(env_id, local_sandbox)
    env.reset()
    with pytest.raises(ConfigError, match="can't be forked: there the agent is at work between steps"):
        fork_env(env)
    env.close()


def test_what_can_not_be_forked_says_why() -> None:
    env = make("ClaudeBoxShell-v0", "local")
    with pytest.raises(ConfigError, match="n=0 must be at least 1"):
        env.unwrapped.fork(0)
    with pytest.raises(ClaudeBoxError, match=r"fork\(\) before reset\(\)"):
        env.unwrapped.fork()
