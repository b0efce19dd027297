"""The loop: one policy plays one episode of an environment, and whatever happens becomes data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl.policies import Policy, instruction
from claudebox_rl.rollout.tally import Tally
from claudebox_rl.types import Episode, EpisodeRequest, Outcome


def run_episode(
    env: gym.Env[Any, Any],
    policy: Policy = instruction,
    request: EpisodeRequest | None = None,
    *,
    dataset: Path | None = None,
) -> Episode:
    """Play one episode; a failure is an outcome, never an exception and never a reward of 0.

    Args:
        env: A ClaudeBox environment of any seat, wrapped or not. It stays open.
        policy: Chooses the actions.
        request: What to play; None: whatever the environment draws.
        dataset: Folder whose journal takes each step as it is played; None: only the returned value remains.

    Returns:
        The episode, without its steps.

    Raises:
        BaseException: Interrupts and cancellation, after the episode was journaled as `cancelled`.
    """
    request = request or EpisodeRequest()
    tally = Tally(request)
    try:
        if dataset is not None:
            tally.open(dataset)
        options = {"episode_id": request.episode_id} | ({"task": request.task_id} if request.task_id else {})
        observation, info = env.reset(seed=request.seed, options=options)
        tally.begin(info)
        while not tally.ended:
            action = tally.act(observation, policy(observation))
            observation, reward, terminated, truncated, info = env.step(action)
            tally.add(float(reward), terminated, truncated, info)
        return tally.finish(Outcome(info["outcome"]))
    except Exception as error:
        return tally.fail(error)
    except BaseException as error:
        tally.fail(error)
        raise
