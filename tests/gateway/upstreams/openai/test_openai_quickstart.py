"""The quickstart tasks, solved by the unmodified CLI in the local sandbox, whose model is a chat completions server."""

from __future__ import annotations

import gymnasium as gym
import pytest
from chat_server import serving_in_thread

import claudebox_rl
from claudebox_rl._resources import data_dir
from claudebox_rl.gateway import TaskFiles, make_upstream
from claudebox_rl.tasks import load_task
from claudebox_rl.types import Outcome

TASKS = sorted(folder.name for folder in (data_dir("envs") / "quickstart").iterdir() if folder.is_dir())


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_a_quickstart_task_is_solved_through_a_chat_server(local_sandbox: str, name: str):
    task = load_task(data_dir("envs") / "quickstart" / name)
    player = make_upstream("oracle", {}, TaskFiles(task.solution_files()))
    with serving_in_thread(player) as server:
        model = {"upstream": "openai", "name": "served", "options": {"base_url": server.base_url}}
        env = gym.make("ClaudeBox-v0", task=f"quickstart/{name}", model=model, sandbox=local_sandbox, actor=False)
        try:
            episode = claudebox_rl.run_episode(env)
        finally:
            env.close()
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 1.0), episode.error_message
    assert len(server.requests) == episode.num_turns
