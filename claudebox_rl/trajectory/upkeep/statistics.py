"""What is in a dataset, in numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.trajectory._storage import TABLES, storage_of
from claudebox_rl.trajectory.dataset import load_dataset
from claudebox_rl.trajectory.live import live_parts
from claudebox_rl.trajectory.upkeep.compaction import part_bytes
from claudebox_rl.types import Episode


@dataclass(frozen=True, slots=True)
class Summary:
    """Of some episodes."""

    num_episodes: int
    outcomes: dict[str, int]
    return_mean: float | None
    """Over the episodes that have a return; None where none has."""
    return_std: float | None
    """Of the population."""
    num_steps: int
    num_turns: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    duration_s: float
    """From start to end, summed up."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of a dataset."""

    total: Summary
    tasks: dict[str, Summary]
    """By task id."""
    table_bytes: dict[str, int]
    """Of the parts that count."""
    part_bytes: tuple[int, ...]
    """Of all tables of each part, in the order of commits."""


def stats(dataset: str | Path) -> Statistics:
    """Count what is in a dataset; reads the table `episodes` alone.

    Raises:
        TrajectoryError: There is no committed episode, or a file is damaged.
    """
    episodes = list(load_dataset(dataset).summaries())
    storage = storage_of(dataset)
    live = set(live_parts(storage))
    tasks: dict[str, list[Episode]] = {}
    for episode in episodes:
        tasks.setdefault(episode.task_id, []).append(episode)
    sizes = {table: storage.sizes(table) for table in TABLES}
    return Statistics(
        total=_summary(episodes),
        tasks={task: _summary(some) for task, some in sorted(tasks.items())},
        table_bytes={table: sum(size for part, size in of.items() if part in live) for table, of in sizes.items()},
        part_bytes=tuple(part_bytes(storage).values()),
    )


def _summary(episodes: Sequence[Episode]) -> Summary:
    returns = [each.episode_return for each in episodes if each.episode_return is not None]
    outcomes = [str(each.outcome) for each in episodes]
    return Summary(
        num_episodes=len(episodes),
        outcomes={name: outcomes.count(name) for name in sorted(set(outcomes))},
        return_mean=statistics.fmean(returns) if returns else None,
        return_std=statistics.pstdev(returns) if returns else None,
        num_steps=sum(each.num_steps for each in episodes),
        num_turns=sum(each.num_turns for each in episodes),
        input_tokens=sum(each.usage.input_tokens for each in episodes),
        output_tokens=sum(each.usage.output_tokens for each in episodes),
        cost_usd=sum(each.cost_usd for each in episodes),
        duration_s=sum(each.ended_at - each.started_at for each in episodes),
    )
