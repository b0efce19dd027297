"""Which failures are worth another attempt, and when."""

from __future__ import annotations

import heapq
import random
from itertools import count

from claudebox_rl.config import RolloutConfig
from claudebox_rl.playing.schedule.unit import Work
from claudebox_rl.types import Episode, Outcome

RETRIED = frozenset(
    {
        "GatewayError",
        "Interrupted",  # its worker died
        "OutputLimitError",
        "SandboxError",
        "SandboxStartError",
        "SandboxTimeoutError",
        "SandboxUnavailableError",
        "TrajectoryError",  # the dataset's disk
    }
)
"""`error_type` of episodes that another attempt may bring to an end. What an agent, a verifier, a reward, a task or a
setting did wrong, it would do wrong again."""


def is_infra(episode: Episode) -> bool:
    """Whether the infrastructure failed the episode in a way that may pass."""
    return episode.outcome is Outcome.INFRA_ERROR and episode.error_type in RETRIED


class Backoff:
    """Works that wait for a time. Times are seconds of any one clock.

    Args:
        config: Gives the first and the longest wait.
    """

    def __init__(self, config: RolloutConfig) -> None:
        self._first_s, self._longest_s = config.backoff_s, config.max_backoff_s
        self._heap: list[tuple[float, int, Work]] = []
        self._counter = count()

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, work: Work, now: float) -> None:
        """Have a work wait, the longer the more attempts there were, and never as long as others of its age."""
        failed = max(request.attempt for request in work.unit) - 1
        high_s = min(self._longest_s, self._first_s * 2.0 ** min(failed - 1, 64))
        due = now + random.uniform(high_s / 2, high_s)
        heapq.heappush(self._heap, (due, next(self._counter), work))

    def pop(self, now: float) -> Work | None:
        """Take one whose time has come."""
        return heapq.heappop(self._heap)[2] if self._heap and self._heap[0][0] <= now else None

    def due(self) -> float | None:
        """When the next one's time comes; None where none waits."""
        return self._heap[0][0] if self._heap else None
