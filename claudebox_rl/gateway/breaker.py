"""A circuit breaker: after failures in a row, a server is left alone for a while, then tried by one call."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Counts failures of one server, whoever's calls they were.

    Closed, every call passes. After `threshold` failures in a row it opens: none passes for `cooldown_s`, then one, as
    a trial. The trial's success closes it; its failure opens it for twice as long, up to `longest_s`.

    Args:
        threshold: Failures in a row that open it.
        cooldown_s: First pause.
        longest_s: Longest pause.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        threshold: int = 8,
        cooldown_s: float = 1.0,
        longest_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold, self._first_s, self._longest_s, self._clock = threshold, cooldown_s, longest_s, clock
        self._failures = 0
        self._pause_s = cooldown_s
        self._opened_at: float | None = None
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self._opened_at is not None

    def wait_s(self) -> float:
        """Return how long a call has to wait; 0 where one may begin now."""
        if self._opened_at is None:
            return 0.0
        left_s = self._opened_at + self._pause_s - self._clock()
        return max(left_s, self._first_s) if left_s > 0 or self._is_trying else 0.0

    def begin(self) -> bool:
        """Let a call pass, and say whether it is the trial: its end must be told, also where it tells nothing."""
        self._is_trying = self._opened_at is not None
        return self._is_trying

    def succeeded(self) -> None:
        """Note that the server answered, be it the trial or a call from before."""
        self._failures, self._pause_s, self._opened_at, self._is_trying = 0, self._first_s, None, False

    def failed(self, *, is_trial: bool) -> None:
        """Note that the server failed."""
        self._failures += 1
        if is_trial:
            self._pause_s = min(2 * self._pause_s, self._longest_s)
            self._opened_at, self._is_trying = self._clock(), False
        elif self._opened_at is None and self._failures >= self._threshold:
            self._opened_at = self._clock()

    def abandoned(self) -> None:
        """Note that the trial was cut short and tells nothing: the next call is the trial."""
        self._is_trying = False
