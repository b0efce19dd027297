"""Which jobs a sweep plays: all of a grid, or what a search makes of the results so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from claudebox_rl.distributed.sweep.job import Job


class Search(Protocol):
    """Chooses jobs. Asked and told in one thread."""

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All that were chosen until now."""
        ...

    def next(self) -> Job | None:
        """Return a job to play; None where there is none at the moment, and at the end."""
        ...

    def tell(self, job: Job, *, finished: bool) -> None:
        """Take note that a job came to its end, or failed."""
        ...

    def best(self) -> tuple[str, ...]:
        """Return the ids of the best jobs, by what the search is after."""
        ...


class Grid:
    """Every job, in order.

    Args:
        jobs: The jobs; of several with one id only the first is played.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        first: dict[str, Job] = {}
        for job in jobs:
            first.setdefault(job.job_id, job)
        self.jobs = tuple(first.values())
        self._left = deque(self.jobs)

    def next(self) -> Job | None:
        """See `Search.next`."""
        return self._left.popleft() if self._left else None

    def tell(self, job: Job, *, finished: bool) -> None:
        """See `Search.tell`."""

    def best(self) -> tuple[str, ...]:
        """See `Search.best`: nothing was searched for."""
        return ()
