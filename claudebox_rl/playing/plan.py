"""Which episodes a rollout plays: every task so many times, each with a seed and a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from claudebox_rl.types import EpisodeRequest


def plan_episodes(
    task_ids: Sequence[str],
    *,
    episodes_per_task: int,
    group_size: int = 1,
    seed: int,
    run_id: str,
    config: dict[str, Any],
    overrides: Sequence[str] = (),
) -> list[EpisodeRequest]:
    """Return the requests, tasks taking turns, with ids that the same arguments give again; groups stay together.

    Args:
        task_ids: The tasks.
        episodes_per_task: How often each is played, at least 1; rounded up to whole groups.
        group_size: Episodes that are a group; 1: all of a task are one, though each is played by itself.
        seed: Of the first episode of each task; the next ones count up.
        run_id: Part of the ids, so that datasets can be merged.
        config: Resolved settings, stored with each episode.
        overrides: What the user changed on the command line.
    """
    return [
        EpisodeRequest(
            task_id=task_id,
            episode_id=f"{_slug(task_id)}-{index}-{run_id}",
            run_id=run_id,
            group_id=f"{_slug(task_id)}-{f'group{group}-' if group_size > 1 else ''}{run_id}",
            seed=seed + index,
            config=config,
            overrides=tuple(overrides),
        )
        for group in range(-(-episodes_per_task // group_size))
        for task_id in task_ids
        for index in range(group * group_size, (group + 1) * group_size)
    ]


def in_groups(requests: Iterable[EpisodeRequest], group_size: int) -> list[tuple[EpisodeRequest, ...]]:
    """Return what is given to workers: each group that is a plan's, or what is left of it, else each request alone."""
    if group_size == 1:
        return [(request,) for request in requests]
    groups: dict[str | None, list[EpisodeRequest]] = {}
    for request in requests:
        groups.setdefault(request.group_id, []).append(request)
    return [tuple(group) for group in groups.values()]


def next_attempt(request: EpisodeRequest) -> EpisodeRequest:
    """Return the request to play an episode again that was lost to the infrastructure."""
    base = request.episode_id.removesuffix(f"-attempt{request.attempt}")
    attempt = request.attempt + 1
    return replace(request, attempt=attempt, episode_id=f"{base}-attempt{attempt}")


def _slug(task_id: str) -> str:
    name = task_id.rsplit("/", 1)[-1]
    return "".join(character if character.isalnum() or character in "._-" else "-" for character in name)
