"""The loop: one policy plays one episode of an environment, and whatever happens becomes data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl._stages import enter_stage
from claudebox_rl.env.base import Begun, ClaudeBoxEnv
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.tally import Tally
from claudebox_rl.policies import Policy, instruction
from claudebox_rl.types import Episode, EpisodeRequest, Outcome, Stage


def run_episode(
    env: gym.Env[Any, Any],
    policy: Policy = instruction,
    request: EpisodeRequest | None = None,
    *,
    dataset: str | Path | None = None,
    go_on: bool = False,
    scrub: str = "keys",
) -> Episode:
    """Play one episode; a failure is an outcome, never an exception and never a reward of 0.

    Args:
        env: A ClaudeBox environment of any seat, wrapped or not. It stays open.
        policy: Chooses the actions.
        request: What to play; None: whatever the environment draws.
        dataset: Folder or URI whose journal takes each step as it is played; None: only the returned value remains.
        scrub: What is taken out before anything is written: `keys` that the session knows, also what looks like one
            (`detect`), or nothing (`off`).
        go_on: Play on in the episode that `env` is in, without a reset: a fork. The request's task and id are its own.

    Returns:
        The episode, without its steps.

    Raises:
        ConfigError: There is no episode to go on with, or `scrub` can't be done.
        BaseException: Interrupts and cancellation, after the episode was journaled as `cancelled`.
    """
    begun = _begun(env) if go_on else None
    request = _asked(request or EpisodeRequest(), begun)
    tally = Tally(request, scrub)
    try:
        if dataset is not None:
            tally.open(dataset)
        observation, info = (begun.observation, begun.info) if begun else _reset(env, request)
        tally.begin(info, _secrets(env))
        enter_stage(Stage.AGENT)  # from here on the policy may take its time, and get stuck
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


def _begun(env: gym.Env[Any, Any]) -> Begun:
    base = env.unwrapped
    if not isinstance(base, ClaudeBoxEnv) or base.begun is None:
        raise ConfigError("go_on: the environment is in no episode; play forks, or reset it")
    return base.begun


def _secrets(env: gym.Env[Any, Any]) -> dict[str, str]:
    base = env.unwrapped
    return base.begun.secrets if isinstance(base, ClaudeBoxEnv) and base.begun else {}


def _asked(request: EpisodeRequest, begun: Begun | None) -> EpisodeRequest:
    if begun is None:
        return request
    return replace(request, episode_id=begun.info["episode_id"], task_id=begun.info["task_id"])


def _reset(env: gym.Env[Any, Any], request: EpisodeRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    options = {"episode_id": request.episode_id} | ({"task": request.task_id} if request.task_id else {})
    return env.reset(seed=request.seed, options=options)
