"""One environment that plays episode after episode into a dataset."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl._stages import StageClock, clocked
from claudebox_rl.config import DeadlineConfig, PolicyConfig, RolloutConfig
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.playing.episode import run_episode
from claudebox_rl.policies import Place, close_policy, make_policy
from claudebox_rl.trajectory import commit
from claudebox_rl.types import ENVIRONMENTS, Episode, EpisodeRequest, Flight, Stage

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
    rollout = spec.rollout
    return EpisodePlayer(
        spec.env_kwargs, spec.policy, spec.dataset, rollout.commit_interval_s, rollout.deadlines, scrub=rollout.scrub
    )


def stage_limits(deadlines: DeadlineConfig) -> dict[Stage, float | None]:
    """Return the longest time of each stage that has one, in seconds."""
    return {Stage(f.name.removesuffix("_s")): getattr(deadlines, f.name) for f in fields(deadlines)}


class EpisodePlayer:
    """Plays requests one after another on one environment, and brings finished episodes into the dataset.

    Args:
        env_kwargs: Keywords of `ClaudeBoxEnv`, without `actor`: the player owns the machines.
        policy: Who chooses the actions; made anew for each episode.
        dataset: The dataset's folder or URI.
        commit_interval_s: Longest time that finished episodes wait for their Parquet files.
        deadlines: Of each episode's stages; None: no limits.
        scrub: What is taken out of episodes before they are written.

    Attributes:
        env: What it plays on.
    """

    def __init__(
        self,
        env_kwargs: dict[str, Any],
        policy: PolicyConfig,
        dataset: str | Path,
        commit_interval_s: float,
        deadlines: DeadlineConfig | None = None,
        *,
        scrub: str = "keys",
    ) -> None:
        self.env = make_seat(env_kwargs)
        self._scrub = scrub
        self._seat = env_kwargs.get("seat", "user")
        self._policy = policy
        self._dataset = dataset
        self._interval_s = commit_interval_s
        self._committed_at = time.monotonic()
        self._limits = stage_limits(deadlines) if deadlines else {}
        self._playing: tuple[EpisodeRequest, StageClock] | None = None

    def flight(self) -> Flight | None:
        """Return what is being played; None where nothing is. For any thread."""
        if (playing := self._playing) is None:
            return None
        request, clock = playing
        stage, since = clock.now
        return Flight(request.episode_id, request.task_id, stage, time.monotonic() - since)

    def play(self, request: EpisodeRequest, env: gym.Env[Any, Any] | None = None) -> Episode:
        """Play one episode to its end.

        A dataset that can't be written to just now is logged; `close` tries again.

        Args:
            request: What to play.
            env: Instead of this player's own one: another one of the same seat, which stays open.
        """
        policy = make_policy(self._policy, self._place(request.seed))
        clock = StageClock(self._limits)
        self._playing = request, clock
        try:
            with clocked(clock):
                env = self.env if env is None else env
                episode = run_episode(env, policy, request, dataset=self._dataset, scrub=self._scrub)
        finally:
            self._playing = None
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
