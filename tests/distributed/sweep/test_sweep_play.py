"""Jobs at the same time: what is finished is skipped, a failing one stops no other, an interrupt ends all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudebox_rl.distributed.sweep.folder import SweepFolder
from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.distributed.sweep.play import JobEnd, JobPlayer
from claudebox_rl.distributed.sweep.search import Grid
from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.types import Episode

JOBS = [Job(name, f"run-{name}", swept={"model": name}) for name in "abc"]


class Played:
    """A rollout that waits until as many are at work as are to be at the same time."""

    def __init__(self, together: threading.Barrier, error: BaseException | None = None) -> None:
        self._together, self._error = together, error
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Episode]:
        self._together.wait(timeout=10)
        if self._error is not None:
            raise self._error
        yield from ()

    def close(self) -> None:
        self.closed.set()


def test_a_failing_job_stops_no_other_and_is_played_again(tmp_path: Path) -> None:
    folder, ends, together = SweepFolder(tmp_path), list[JobEnd](), threading.Barrier(3)
    error = ClaudeBoxError("everything fails")
    with folder.owned():
        player = JobPlayer(folder, lambda job: Played(together, error if job.job_id == "b" else None), 3, ends.append)
        player.run(Grid(JOBS))
        assert {end.job.job_id: end.error for end in ends} == {"a": None, "b": error, "c": None}
        again, alone = list[JobEnd](), threading.Barrier(1)
        JobPlayer(folder, lambda job: Played(alone), 1, again.append).run(Grid(JOBS))
    assert [(end.job.job_id, end.skipped) for end in again] == [("a", True), ("b", False), ("c", True)]
    assert all(folder.is_done(job) for job in JOBS)


def test_an_interrupt_ends_all_and_finishes_none(tmp_path: Path) -> None:
    class Endless(Played):
        def __iter__(self) -> Iterator[Episode]:
            self._together.wait(timeout=10)
            self.closed.wait(timeout=10)
            yield from ()

    class Interrupted(Grid):
        """Is interrupted when it is asked for a third job, while two are at work."""

        def next(self) -> Job | None:
            if (job := super().next()) is not None:
                return job
            together.wait(timeout=10)
            raise KeyboardInterrupt

    folder, together, rollouts = SweepFolder(tmp_path), threading.Barrier(3), list[Endless]()

    def start(job: Job) -> Endless:
        rollouts.append(Endless(together))
        return rollouts[-1]

    with folder.owned(), pytest.raises(KeyboardInterrupt):
        JobPlayer(folder, start, 3, lambda end: None).run(Interrupted(JOBS[:2]))
    assert all(rollout.closed.is_set() for rollout in rollouts)
    assert not any(folder.is_done(job) for job in JOBS)


def test_an_interrupt_arrives_where_jobs_are_played_here(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    rollout = Played(threading.Barrier(1), KeyboardInterrupt())
    with folder.owned(), pytest.raises(KeyboardInterrupt):
        JobPlayer(folder, lambda job: rollout, 1, lambda end: None).run(Grid(JOBS))
    assert rollout.closed.is_set()
    assert not folder.is_done(JOBS[0])


def test_a_sweep_has_one_owner_and_keeps_its_name(tmp_path: Path) -> None:
    refused = pytest.raises(ConfigError, match="another process plays the sweep")
    with SweepFolder(tmp_path).owned() as name, refused, SweepFolder(tmp_path).owned():
        raise AssertionError("two owners")
    with SweepFolder(tmp_path).owned() as again:
        assert again == name
