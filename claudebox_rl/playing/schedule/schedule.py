"""The decisions of a rollout; whoever carries them out tells what happened, and what time it is."""

from __future__ import annotations

from claudebox_rl.config import RolloutConfig
from claudebox_rl.errors import RolloutError
from claudebox_rl.playing.plan import next_attempt
from claudebox_rl.playing.schedule.attempts import Backoff, is_infra
from claudebox_rl.playing.schedule.breaker import Breaker
from claudebox_rl.playing.schedule.fair_queue import FairQueue
from claudebox_rl.playing.schedule.quarantine import Quarantine
from claudebox_rl.playing.schedule.unit import Unit, Work
from claudebox_rl.types import Episode


class Schedule:
    """Units that wait, and what is known of those that were played. Holds no finished episode beyond the last few.

    The one who carries out calls `take`, then `ended` for each member's attempt, then `finish`. Times are seconds of
    any one clock, given by the caller.

    Args:
        config: Attempts, back-off, quarantine, breaker.
    """

    def __init__(self, config: RolloutConfig) -> None:
        self._max_attempts = config.max_attempts
        self._fresh = FairQueue()
        self._failed = Backoff(config)
        self._quarantine = Quarantine(config.max_broken_workers)
        self._breaker = Breaker(config.breaker_window)
        self.stopped: RolloutError | None = None
        """Why nothing should be played any more, once that is so."""

    @property
    def num_fresh(self) -> int:
        """Units that wait for their first attempt."""
        return len(self._fresh)

    @property
    def num_failed(self) -> int:
        """Units that wait for a further one."""
        return len(self._failed)

    def add(self, unit: Unit) -> None:
        """Let a unit wait for its turn."""
        self._fresh.push(Work(unit))

    def take(self, now: float) -> Work | None:
        """Take what is to be played next: a further attempt whose time has come, else of the next task in turn.

        A work with a `refusal` is not to be played: its members end by that error.
        """
        work = self._failed.pop(now) or self._fresh.pop()
        if work is not None:
            work.refusal = self._quarantine.refusal(work.task)
        return work

    def due(self) -> float | None:
        """When the next further attempt's time comes; None where none waits."""
        return self._failed.due()

    def ended(self, work: Work, episode: Episode, *, broke_worker: bool = False) -> bool:
        """Take note of a member's attempt that ended.

        Args:
            work: Of which `episode` is a member.
            episode: The attempt.
            broke_worker: It ended since its worker died under it.

        Returns:
            Whether it is played again.
        """
        request = work.left.pop(episode.episode_id)
        if work.refusal is not None:
            return False
        self._judge(work.task, episode, broke_worker)
        again = (
            is_infra(episode)
            and request.attempt < self._max_attempts
            and self.stopped is None
            and self._quarantine.refusal(work.task) is None
        )
        if again:
            work.again.append(next_attempt(request))
        return again

    def finish(self, work: Work, now: float, *, node: str = "") -> None:
        """Let go of a work whose members have all ended; those to play again wait, as one unit.

        Args:
            work: As taken.
            now: The time.
            node: Where it was played.
        """
        if work.again:
            self._failed.push(Work(tuple(work.again), work.avoid | ({node} - {""})), now)

    def _judge(self, task: str, episode: Episode, broke_worker: bool) -> None:
        if broke_worker:
            self._quarantine.broke(task, episode)
        elif not is_infra(episode):
            self._quarantine.played(task)
        self._breaker.note(episode)
        self.stopped = self.stopped or self._breaker.reason()
