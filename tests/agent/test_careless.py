"""The agent of any skill: what it leaves out, and that it lies between the oracle and nothing."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest

from claudebox_rl import run_episode
from claudebox_rl.agent.careless import CarelessAgent
from claudebox_rl.agent.edits import blocks, partly
from claudebox_rl.config import AgentConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.types import Episode, EpisodeRequest

BEFORE = {"kept": b"1\n", "changed": b"a\nb\nc\nd\ne\n", "gone": b"x\n", "picture": b"\0old"}
AFTER = {
    "kept": b"1\n",
    "changed": b"A\nb\nc\nd\nE\nF\n",
    "picture": b"\0new",
    "new": b"import x\n\n\ndef f():\n    x\n",
}


def with_done(*done: bool) -> dict[str, bytes]:
    answers = iter(done)
    there = partly(BEFORE, AFTER, lambda: next(answers))
    assert next(answers, None) is None, "fewer edits than answers"
    return there


def test_all_edits_done_is_after_and_none_is_before():
    assert with_done(*[True] * 6) == AFTER
    assert with_done(*[False] * 6) == BEFORE


def test_each_edit_is_left_out_by_itself():
    # In the order of paths: two runs of lines, the removed file, two blocks of the new one, the picture.
    assert with_done(False, True, True, True, True, True)["changed"] == b"a\nb\nc\nd\nE\nF\n"
    assert with_done(True, False, True, True, True, True)["changed"] == b"A\nb\nc\nd\ne\n"
    assert with_done(True, True, False, True, True, True)["gone"] == b"x\n"
    assert with_done(True, True, True, False, True, True)["new"] == b"def f():\n    x\n"
    assert with_done(True, True, True, True, False, True)["new"] == b"import x\n\n\n"
    assert with_done(True, True, True, True, True, False)["picture"] == b"\0old"


def test_blocks_begin_at_the_margin_after_an_empty_line():
    lines = [b"a\n", b"\n", b"  b\n", b"\n", b"c\n"]
    assert blocks(lines) == [lines[:4], lines[4:]]
    assert blocks([b"a\n", b"b"]) == [[b"a\n", b"b"]]


@pytest.mark.parametrize("rate", [-0.1, 1.01, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float):
    with pytest.raises(ConfigError, match=r"agent\.error_rate must be from 0 to 1"):
        CarelessAgent.check(AgentConfig(name="careless", error_rate=rate))


def played(task: str, rate: float, sandbox: str, seed: int = 0) -> Episode:
    agent = {"name": "careless", "error_rate": rate}
    env = gym.make("ClaudeBox-v0", task=task, agent=agent, sandbox=sandbox, actor=False)
    try:
        return run_episode(env, request=EpisodeRequest(seed=seed))
    finally:
        env.close()


@pytest.mark.parametrize("task", ["quickstart/fix-bug", "procedural/config-5-0"])
def test_without_errors_it_is_the_oracle_and_with_nothing_else_it_does_nothing(task: str, local_sandbox: str):
    assert played(task, 0.0, local_sandbox).episode_return == 1.0
    nothing = played(task, 1.0, local_sandbox)
    assert nothing.episode_return == 0.0, nothing.error_message
    assert nothing.workspace_diff == ""


def test_what_it_leaves_out_follows_from_the_seed(local_sandbox: str):
    again = [played("procedural/config-5-0", 0.5, local_sandbox, seed=3) for _ in range(2)]
    other = played("procedural/config-5-0", 0.5, local_sandbox, seed=4)
    states = [each.workspace_diff for each in (*again, other)]
    assert states[0] == states[1] != states[2]


def test_a_task_without_a_solution_is_refused(tmp_path: Path, local_sandbox: str):
    for name in ("tests", "environment"):
        (tmp_path / name).mkdir()
    (tmp_path / "task.toml").write_text('schema_version = "1.4"\n[environment]\nnetwork_mode = "no-network"\n')
    (tmp_path / "instruction.md").write_text("Do it.\n")
    (tmp_path / "tests" / "test.sh").write_text("echo 1 > /logs/verifier/reward.txt\n")
    episode = played(str(tmp_path), 0.5, local_sandbox)
    assert "agent=careless needs a task with solution/solve.sh" in (episode.error_message or "")
