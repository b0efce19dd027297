"""What jobs came to, read from the dataset that they wrote."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.trajectory import load_dataset

_COLUMNS = (
    "run_id", "episode_id", "episode_return", "valid_for_training", "input_tokens", "output_tokens",
    "cost_usd", "started_at", "ended_at",
)  # fmt: skip
_FURTHER = re.compile(r"(-attempt\d+|-again)+$")
"""What tells a further attempt's id from the first one's."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """The episodes of one job. Of one that was played again, the last attempt counts; it cost what all did."""

    episodes: int = 0
    mean_return: float | None = None
    """Over valid episodes; None where there is none."""
    return_stderr: float | None = None
    """Standard error of the mean; None with fewer than two episodes."""
    valid_share: float | None = None
    """Of the episodes, those that say something about the policy: 0 to 1."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    """Sum over the episodes, which were played at the same time."""


def summarize(dataset: Path, jobs: Iterable[Job]) -> dict[str, Summary]:
    """Return what each job came to until now, by job id.

    Args:
        dataset: The sweep's dataset; one that is not there yet holds nothing.
        jobs: The jobs.

    Raises:
        TrajectoryError: The dataset is damaged.
    """
    rows = _rows(dataset)
    return {job.job_id: summary_of(rows.get(job.run_id, ())) for job in jobs}


def summary_of(rows: Sequence[Row]) -> Summary:
    """Return the sums over the `episodes` rows of one run."""
    if not rows:
        return Summary()
    last = {_FURTHER.sub("", row["episode_id"]): row for row in sorted(rows, key=lambda row: row["started_at"])}
    returns = [row["episode_return"] for row in last.values() if row["episode_return"] is not None]
    return Summary(
        episodes=len(last),
        mean_return=statistics.fmean(returns) if returns else None,
        return_stderr=statistics.stdev(returns) / math.sqrt(len(returns)) if len(returns) > 1 else None,
        valid_share=sum(row["valid_for_training"] for row in last.values()) / len(last),
        input_tokens=sum(row["input_tokens"] for row in rows),
        output_tokens=sum(row["output_tokens"] for row in rows),
        cost_usd=math.fsum(row["cost_usd"] for row in rows),
        seconds=math.fsum(row["ended_at"] - row["started_at"] for row in rows),
    )


def _rows(dataset: Path) -> dict[str, list[Row]]:
    if not (dataset / "episodes").is_dir():
        return {}
    by_run: dict[str, list[Row]] = {}
    for row in load_dataset(dataset).episodes.select(_COLUMNS).to_pylist():
        by_run.setdefault(row["run_id"], []).append(row)
    return by_run
