"""Tasks of several steps, on real machines."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest

from claudebox_rl import SUBMIT, run_episode
from claudebox_rl.errors import TaskError

JUDGE = """#!/bin/bash
mkdir -p "${CLAUDEBOX_ROOT:-}/logs/verifier"
cat -- *.txt > "${CLAUDEBOX_ROOT:-}/logs/verifier/seen" 2>/dev/null
echo "the judge of $(cat "$(dirname -- "$0")/name")"
grep -qx "$(cat "$(dirname -- "$0")/name")" out.txt && echo 1 || echo 0
"""


def make_task(folder: Path, strategy: str = "mean", least: str = "1.0") -> Path:
    """Three checkpoints; each asks for its name to be a line of out.txt, which the second one may find written."""
    steps = "".join(f'[[steps]]\nname = "{name}"\nmin_reward = {least}\n' for name in ("a", "b", "c"))
    (folder / "environment").mkdir(parents=True)
    (folder / "environment/out.txt").write_text("start\n")
    (folder / "tests").mkdir()
    write = 'mkdir -p "${CLAUDEBOX_ROOT:-}/logs/verifier"; bash "$(dirname -- "$0")/judge.sh" | tail -n 1 '
    (folder / "tests/test.sh").write_text(f'{write} > "${{CLAUDEBOX_ROOT:-}}/logs/verifier/reward.txt"\n')
    (folder / "tests/judge.sh").write_text(JUDGE)
    for name in ("a", "b", "c"):
        for part in ("tests", "solution", "workdir"):
            (folder / "steps" / name / part).mkdir(parents=True)
        (folder / "steps" / name / "instruction.md").write_text(f"Write {name}.")
        (folder / "steps" / name / "tests/name").write_text(name)
        (folder / "steps" / name / "workdir" / f"given-{name}").write_text("")
        (folder / "steps" / name / "solution/solve.sh").write_text(f"test -e given-{name}; echo {name} >> out.txt\n")
    head = f'schema_version = "1.4"\nmulti_step_reward_strategy = "{strategy}"\n{steps}'
    (folder / "task.toml").write_text(
        f'{head}[environment]\nworkdir = "/workspace"\nnetwork_mode = "no-network"\n'
        '[metadata.claudebox]\nhost_tools = ["bash"]\n'
    )
    return folder


def make(task: Path, sandbox: str, **given: object) -> gym.Env:
    return gym.make("ClaudeBox-v0", task=str(task), agent="oracle", sandbox=sandbox, actor=False, **given)


def test_each_checkpoint_is_told_judged_and_gives_its_share(local_sandbox: str, tmp_path: Path) -> None:
    env = make(make_task(tmp_path / "task"), local_sandbox)
    observation, _ = env.reset()
    told, rewards = [], []
    for _ in range(3):
        told.append((observation["instruction"], observation["response"], observation["facts"][-1]))
        observation, reward, terminated, truncated, info = env.step("go on")
        assert (reward, terminated, truncated, observation["facts"][-1]) == (0.0, False, False, 1.0)
        observation, reward, terminated, truncated, info = env.step(SUBMIT)
        rewards.append((reward, info["verifier"].reward, terminated))
        assert not truncated
    assert told == [("Write a.", "", 0.0), ("Write b.", "", 0.0), ("Write c.", "", 0.0)]
    assert rewards == [(pytest.approx(1 / 3), 1.0, False)] * 2 + [(pytest.approx(1 / 3), 1.0, True)]
    assert info["outcome"] == "completed"
    env.close()


def test_a_checkpoint_that_is_not_passed_ends_the_episode(local_sandbox: str, tmp_path: Path) -> None:
    env = make(make_task(tmp_path / "task"), local_sandbox)
    env.reset()
    env.step("go on")
    env.step(SUBMIT)
    _, reward, terminated, truncated, info = env.step(SUBMIT)
    assert (reward, terminated, truncated, info["outcome"]) == (0.0, True, False, "completed")
    assert {file.path for file in info["workspace"].files} >= {"out.txt", "given-b"}
    env.close()


def test_where_nothing_is_asked_for_all_are_played(local_sandbox: str, tmp_path: Path) -> None:
    env = make(make_task(tmp_path / "task", "final", "0.0"), local_sandbox)
    env.reset()
    assert [env.step(SUBMIT)[1:3] for _ in range(2)] == [(0.0, False)] * 2
    for _ in range(3):
        env.step("go on")
    assert env.step(SUBMIT)[1:3] == (1.0, True)
    env.close()


def test_parts_of_verdicts_count_by_their_share(local_sandbox: str, tmp_path: Path) -> None:
    weighted = [{"name": "verifier", "kwargs": {"weights": {"reward": 2.0}}}]
    env = make(make_task(tmp_path / "task"), local_sandbox, rewards=weighted)
    env.reset()
    env.step("go on")
    _, reward, _, _, info = env.step(SUBMIT)
    assert (reward, info["reward_terms"]) == (pytest.approx(2 / 3), {"verifier.reward": pytest.approx(2 / 3)})
    env.close()


def test_a_limit_of_steps_cuts_at_a_checkpoint(local_sandbox: str, tmp_path: Path) -> None:
    env = make(make_task(tmp_path / "task"), local_sandbox, max_steps=2)
    env.reset()
    env.step("go on")
    _, reward, terminated, truncated, info = env.step(SUBMIT)
    assert (reward, terminated, truncated) == (pytest.approx(1 / 3), False, True)
    assert info["outcome"] == "truncated"
    env.close()


def test_a_fork_goes_on_at_its_checkpoint(local_sandbox: str, tmp_path: Path) -> None:
    env = make(make_task(tmp_path / "task"), local_sandbox)
    env.reset()
    env.step("go on")
    env.step(SUBMIT)
    (fork,) = env.unwrapped.fork(1)
    fork.step("go on")
    observation, reward, terminated, _, _ = fork.step(SUBMIT)
    assert (observation["instruction"], reward, terminated) == ("Write c.", pytest.approx(1 / 3), False)
    for each in (fork, env):
        each.close()


def test_the_real_cli_plays_all_checkpoints_in_one_conversation(local_sandbox: str) -> None:
    task = "longhaul/supplier-feeds"
    env = gym.make("ClaudeBox-v0", task=task, model="oracle", sandbox=local_sandbox, actor=False)
    episode = run_episode(env)
    env.close()
    assert (episode.episode_return, episode.num_steps) == (pytest.approx(1.0), 6)


def test_other_seats_refuse_them(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="user's seat"):
        gym.make("ClaudeBoxShell-v0", task=str(make_task(tmp_path / "task")), sandbox="local", actor=False)
