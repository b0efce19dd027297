"""One environment that plays episode after episode into a dataset."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl.config import PolicyConfig, RolloutConfig
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.playing.episode import run_episode
from claudebox_rl.policies import Place, close_policy, make_policy
from claudebox_rl.trajectory import commit
from claudebox_rl.types import ENVIRONMENTS, Episode, EpisodeRequest

log = logging.getLogger(__name__)


def make_seat(env_kwargs: dict[str, Any]) -> gym.Env[Any, Any]:
    """Make an environment whose machines belong to this process, by the `seat` in its keywords."""
    env_id = ENVIRONMENTS.get(env_kwargs.get("seat", "user"), ENVIRONMENTS["user"])
    return gym.make(f"claudebox_rl:{env_id}", actor=False, disable_env_checker=True, **env_kwargs)


@dataclass(frozen=True, slots=True)
class PlayerSpec:
    """What players are made with; it travels to where the machines are."""

    env_kwargs: dict[str, Any]
    """Keywords of `ClaudeBoxEnv`, without `actor`: the player owns the machines."""
    policy: PolicyConfig
    """Who chooses the actions; made anew for each episode."""
    dataset: str | Path
    """The dataset's folder or URI."""
    rollout: RolloutConfig
    """Times and limits."""


def make_player(spec: PlayerSpec) -> EpisodePlayer:
    """Return a player; nothing is started yet."""
    return EpisodePlayer(spec.env_kwargs, spec.policy, spec.dataset, spec.rollout.commit_interval_s)


class EpisodePlayer:
    """Plays requests one after another on one environment, and brings finished episodes into the dataset.

    Args:
        env_kwargs: Keywords of `ClaudeBoxEnv`, without `actor`: the player owns the machines.
        policy: Who chooses the actions; made anew for each episode.
        dataset: The dataset's folder or URI.
        commit_interval_s: Longest time that finished episodes wait for their Parquet files.

    Attributes:
        env: What it plays on.
    """

    def __init__(
        self, env_kwargs: dict[str, Any], policy: PolicyConfig, dataset: str | Path, commit_interval_s: float
    ) -> None:
        self.env = make_seat(env_kwargs)
        self._seat = env_kwargs.get("seat", "user")
        self._policy = policy
        self._dataset = dataset
        self._interval_s = commit_interval_s
        self._committed_at = time.monotonic()

    def play(self, request: EpisodeRequest, env: gym.Env[Any, Any] | None = None) -> Episode:
        """Play one episode to its end.

        A dataset that can't be written to just now is logged; `close` tries again.

        Args:
            request: What to play.
            env: Instead of this player's own one: another one of the same seat, which stays open.
        """
        policy = make_policy(self._policy, self._place(request.seed))
        try:
            episode = run_episode(self.env if env is None else env, policy, request, dataset=self._dataset)
        finally:
            close_policy(policy)
        if time.monotonic() - self._committed_at > self._interval_s:
            self._committed_at = time.monotonic()
            try:
                commit(self._dataset)
            except TrajectoryError as error:
                log.warning("%s", error)
        return episode

    def close(self) -> None:
        """End the machine, and commit what is finished. Idempotent.

        Raises:
            TrajectoryError: The dataset can't be written; finished episodes stay in the journal for the next commit.
        """
        self.env.close()
        commit(self._dataset)

    def _place(self, seed: int | None) -> Place:
        return Place(self._seat, self.env.action_space, seed)
