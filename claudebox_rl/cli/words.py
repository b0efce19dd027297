"""How numbers and outcomes look."""

from __future__ import annotations

from datetime import UTC, datetime

from claudebox_rl.types import Episode, Outcome

OUTCOME_STYLES = {
    Outcome.COMPLETED: "green",
    Outcome.TRUNCATED: "yellow",
    Outcome.AGENT_ERROR: "magenta",
    Outcome.INFRA_ERROR: "red",
    Outcome.CANCELLED: "dim",
}


def number(value: float | None) -> str:
    """Return a reward or a return; `-` for none."""
    return "-" if value is None else f"{value:.2f}"


def ending(episode: Episode) -> str:
    """Return how an episode ended, with the limit of its budget that did it."""
    return f"{episode.outcome} by budget.{episode.exhausted}" if episode.exhausted else str(episode.outcome)


def compact(count: int) -> str:
    """Return a count in at most five characters: `950`, `12.3k`, `4.5M`."""
    if count < 1000:
        return str(count)
    if count < 999_950:
        return f"{count / 1000:.1f}k"
    return f"{count / 1e6:.1f}M"


def dollars(value: float) -> str:
    """Return US dollars, finer where they are few."""
    return f"{value:.2f}" if value >= 1 or value == 0 else f"{value:.4f}"


def moment(epoch_s: float) -> str:
    """Return a time in UTC, to the second."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def age(seconds: float) -> str:
    """Return a length of time in its largest unit of which there are two: `90 min`, `3 d`."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
