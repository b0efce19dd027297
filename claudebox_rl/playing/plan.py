"""Which episodes a rollout plays: every task so many times, each with a seed and a name of its own."""

from __future__ import annotations

from collections import Counter
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
    names = _names(task_ids)
    return [
        EpisodeRequest(
            task_id=task_id,
            episode_id=f"{names[task_id]}-{index}-{run_id}",
            run_id=run_id,
            group_id=f"{names[task_id]}-{f'group{group}-' if group_size > 1 else ''}{run_id}",
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


def _names(task_ids: Sequence[str]) -> dict[str, str]:
    """Return a plain name for each task: the last part of its id, and the whole where others end alike."""
    last = {task_id: _plain(task_id.rsplit("/", 1)[-1]) for task_id in task_ids}
    shared = {name for name, count in Counter(last.values()).items() if count > 1}
    return {task_id: _plain(task_id) if name in shared else name for task_id, name in last.items()}


def _plain(text: str) -> str:
    return "".join(character if character.isalnum() or character in "._-" else "-" for character in text)
