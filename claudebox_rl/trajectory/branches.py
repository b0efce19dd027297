"""Episodes that branched off from others: what came before their first step belongs to the parent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.types import Episode

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset
    from claudebox_rl.trajectory.record import EpisodeRecord


def whole(dataset: Dataset, own: EpisodeRecord) -> EpisodeRecord:
    """Return an episode with the steps and model calls of its parents in front of its own; see `Dataset.whole`."""
    parent_id, fork_step = own.episode.parent_episode_id, own.episode.fork_step or 0
    if parent_id is None:
        return own
    if parent_id not in dataset.episode_ids:
        raise TrajectoryError(f"{own.episode.episode_id} branched off from {parent_id}, which is not in {dataset.path}")
    before = whole(dataset, dataset[parent_id])
    steps = (*before.steps[:fork_step], *own.steps)
    placed = zip(before.model_calls, before.call_steps, strict=True)
    shared = [(call, step) for call, step in placed if step is not None and step < fork_step]
    shifted = (step if step is None else step + fork_step for step in own.call_steps)
    return replace(
        own,
        steps=tuple(replace(step, step_index=index) for index, step in enumerate(steps)),
        model_calls=(*(call for call, _ in shared), *own.model_calls),
        call_steps=(*(step for _, step in shared), *shifted),
    )


def rewards_before(dataset: Dataset) -> dict[str, float]:
    """Return, for each episode that branched off, the sum of rewards until there; 0 where its parent is not here."""
    episodes = {episode.episode_id: episode for episode in dataset.summaries()}
    branches = {name: episode for name, episode in episodes.items() if episode.parent_episode_id}
    if not branches:
        return {}
    rewards: dict[str, dict[int, float]] = defaultdict(dict)
    parents = {episode.parent_episode_id for episode in branches.values()}
    of_parents = dataset.filter(episode_id=parents)
    for row in of_parents.columns("steps", ["episode_id", "step_index", "reward"]).to_pylist():
        rewards[row["episode_id"]][row["step_index"]] = row["reward"]
    return {name: _before(episode, episodes, rewards) for name, episode in branches.items()}


def _before(episode: Episode, episodes: Mapping[str, Episode], rewards: Mapping[str, Mapping[int, float]]) -> float:
    parent = episodes.get(episode.parent_episode_id or "")
    if parent is None:
        return 0.0
    num_steps = (episode.fork_step or 0) - (parent.fork_step or 0)
    own = rewards.get(parent.episode_id, {})
    shared = sum(reward for index, reward in own.items() if index < num_steps)
    return shared + _before(parent, episodes, rewards)
