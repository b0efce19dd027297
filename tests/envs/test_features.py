"""Each task of the suite `features`: its solution gets 1.0, nothing and plausible attempts get 0.0."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest
from direct_play import play
from suite_checks import check_fields

from claudebox_rl import run_episode
from claudebox_rl.tasks import Task, find_tasks

TASKS = find_tasks("features")
BY_NAME = {task.path.name: task for task in TASKS}
ATTEMPTS = sorted(Path(__file__).parent.glob("attempts/features/*/*.sh"))


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_solution_gets_everything(task: Task, tmp_path: Path):
    played = play(task, tmp_path, (task.solution_dir / "solve.sh").read_text())
    assert played.script is not None
    assert played.script.returncode == 0, played.script.stderr
    assert played.reward == 1.0, played.output


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_doing_nothing_gets_nothing(task: Task, tmp_path: Path):
    played = play(task, tmp_path)
    assert played.reward == 0.0, played.output
    assert "wrong: " in played.output


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_attempt_is_not_enough(attempt: Path, tmp_path: Path):
    played = play(BY_NAME[attempt.parent.name], tmp_path, attempt.read_text())
    assert played.script is not None
    assert played.script.returncode == 0, played.script.stderr
    assert played.reward == 0.0, played.output


def test_every_task_has_an_attempt():
    assert {attempt.parent.name for attempt in ATTEMPTS} == set(BY_NAME)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_task_runs_without_an_image_and_without_a_network(task: Task):
    check_fields(task, "features")


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_solution_gets_everything_in_a_sandbox(task: Task, local_sandbox: str):
    env = gym.make("ClaudeBox-v0", task=task.task_id, agent="oracle", sandbox=local_sandbox, actor=False)
    try:
        episode = run_episode(env)
    finally:
        env.close()
    assert episode.episode_return == 1.0, episode.error_message
