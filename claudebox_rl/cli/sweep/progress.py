"""What a sweep shows while it goes on: one live display over all jobs, and a line a job."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.console import Console

from claudebox_rl.cli.rollout.lines import EpisodeLines
from claudebox_rl.cli.rollout.live import LiveDisplay
from claudebox_rl.cli.untrusted import one_line, printable
from claudebox_rl.cli.words import age, number
from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.distributed.sweep.play import JobEnd
from claudebox_rl.playing.account import RunAccount
from claudebox_rl.playing.fanout import Fanout
from claudebox_rl.playing.listener import Listener
from claudebox_rl.types import Episode, EpisodeRequest, Flight


class SweepProgress:
    """Shows how far a sweep is.

    Args:
        console: Where to show it.
        num_jobs: Jobs of the sweep.
        num_episodes: Of all jobs that are not finished.
    """

    def __init__(self, console: Console, num_jobs: int, num_episodes: int) -> None:
        self._console, self._num_jobs, self.num_episodes = console, num_jobs, num_episodes
        self._account = RunAccount(num_episodes)
        self._accounts: dict[str, RunAccount] = {}
        self._lock = threading.Lock()
        self._num_ended = 0
        self.failed: dict[str, str] = {}
        """Why jobs failed, by id."""

    def shown(self) -> AbstractContextManager[Any]:
        """Return the live display of all jobs; on a terminal only."""
        return LiveDisplay(self._console, self._account) if self._console.is_terminal else nullcontext()

    def of(self, job: Job, num_episodes: int) -> Listener:
        """Return who listens to a job's rollout, in whatever thread."""
        account = self._accounts[job.job_id] = RunAccount(num_episodes)
        lines = EpisodeLines(self._console, account, only_errors=True)
        return _Locked(Fanout(self._account, account, lines), self._lock)

    def job_ended(self, end: JobEnd) -> None:
        """Print a line for a job that came to its end."""
        self._num_ended += 1
        if end.error is not None:
            self.failed[end.job.job_id] = one_line(f"{type(end.error).__name__}: {end.error}")
        style = "red" if end.error is not None else "dim" if end.skipped else "green"
        line = f"[{self._num_ended}/{self._num_jobs} jobs] {end.job}: {self._how(end)}"
        self._console.print(printable(line), style=style, markup=False, highlight=False, soft_wrap=True)

    def _how(self, end: JobEnd) -> str:
        if end.error is not None:
            return f"failed: {self.failed[end.job.job_id]}"
        account = self._accounts.get(end.job.job_id)
        if end.skipped or account is None:
            return "finished before"
        sums = account.all
        return f"{sums.num_episodes} episodes in {age(account.elapsed_s)}, mean return {number(sums.mean_return)}"


class _Locked:
    """A listener that hears of several rollouts, each in its own thread, one after another."""

    def __init__(self, listener: Listener, lock: threading.Lock) -> None:
        self._listener, self._lock = listener, lock

    def began(self, request: EpisodeRequest) -> None:
        with self._lock:
            self._listener.began(request)

    def ended(self, episode: Episode, *, again: bool) -> None:
        with self._lock:
            self._listener.ended(episode, again=again)

    def beat(self, flights: Sequence[Flight]) -> None:
        with self._lock:
            self._listener.beat(flights)
