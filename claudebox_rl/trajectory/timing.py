"""Where the wall time of stored episodes went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from claudebox_rl.trajectory.dataset import Dataset

Span = tuple[float, float]
"""Begin and end, in seconds since the epoch."""

_EPISODE = ("episode_id", "run_id", "queued_s", "boot_s", "setup_s", "agent_s", "verify_s", "started_at", "ended_at")
_CALL = ("episode_id", "step_index", "started_at", "latency_s")
_STEP = ("episode_id", "tool_calls.list.element.started_at", "tool_calls.list.element.duration_s")


@dataclass(frozen=True, slots=True)
class EpisodeTimes:
    """Seconds of one episode by what they went to. No moment counts twice, and together they are its wall time."""

    queue: float
    """Until its machine's turn to start came."""
    start: float
    """Start of the machine."""
    setup: float
    """Task files and agent."""
    model: float
    """While at least one model call was at work; those of sub-agents, which run at the same time, are one time."""
    tools: float
    """While at least one tool was at work and no model call."""
    agent: float
    """The agent's own work: its time without that of model and tools."""
    verify: float
    rest: float
    """Anything else: the way to the agent and back, policy, rewards, recording, a start that failed."""

    @property
    def total(self) -> float:
        """The sum."""
        return self.queue + self.start + self.setup + self.model + self.tools + self.agent + self.verify + self.rest


def episode_times(dataset: Dataset, run_id: str | None = None) -> list[EpisodeTimes]:
    """Return the times of each episode, in the order of commits. Reads few columns, none of them large.

    Args:
        dataset: What to read.
        run_id: Only the episodes of this rollout; None: all.

    Raises:
        TrajectoryError: A file is damaged.
    """
    calls, tools = _call_spans(dataset), _tool_spans(dataset)
    rows: list[dict[str, Any]] = dataset.columns("episodes", _EPISODE).to_pylist()
    return [
        _times(row, calls[row["episode_id"]], tools[row["episode_id"]])
        for row in rows
        if run_id is None or row["run_id"] == run_id
    ]


def _call_spans(dataset: Dataset) -> dict[str, list[Span]]:
    """Return the model calls of each episode; those outside any step belong to its set-up."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for row in dataset.columns("model_calls", _CALL).to_pylist():
        if row["step_index"] is not None:
            spans[row["episode_id"]].append((row["started_at"], row["started_at"] + row["latency_s"]))
    return spans


def _tool_spans(dataset: Dataset) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for row in dataset.columns("steps", _STEP).to_pylist():
        spans[row["episode_id"]] += [
            (call["started_at"], call["started_at"] + (call["duration_s"] or 0.0)) for call in row["tool_calls"]
        ]
    return spans


def _times(row: dict[str, Any], calls: list[Span], tools: list[Span]) -> EpisodeTimes:
    model = covered(calls)
    both = covered([*calls, *tools])
    agent = max(0.0, row["agent_s"] - both)
    queue = row["queued_s"] or 0.0
    known = queue + row["boot_s"] + row["setup_s"] + both + agent + row["verify_s"]
    return EpisodeTimes(
        queue=queue,
        start=row["boot_s"],
        setup=row["setup_s"],
        model=model,
        tools=both - model,
        agent=agent,
        verify=row["verify_s"],
        rest=max(0.0, row["ended_at"] - row["started_at"] - known),
    )


def covered(spans: Iterable[Span]) -> float:
    """Return the seconds in which at least one span was going on."""
    return sum(end - begin for begin, end in _merged(sorted(spans)))


def _merged(ordered: list[Span]) -> Iterator[Span]:
    """Yield the spans with those that touch joined."""
    if not ordered:
        return
    begin, end = ordered[0]
    for next_begin, next_end in ordered[1:]:
        if next_begin > end:
            yield begin, end
            begin, end = next_begin, next_end
        else:
            end = max(end, next_end)
    yield begin, end
