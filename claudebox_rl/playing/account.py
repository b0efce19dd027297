"""The account of a run: one set of counts, sums and rates, which everything that shows a run reads."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome, Stage, Usage

_FAILURES_KEPT = 20
_LONGEST_MESSAGE = 500
_RATE_OVER = 100


@dataclass(slots=True)
class Sums:
    """What episodes come to, without keeping them."""

    num_episodes: int = 0
    """Those that ended for good."""
    num_valid: int = 0
    num_failed: int = 0
    """Those that ended in an error, of whatever kind."""
    num_steps: int = 0
    num_turns: int = 0
    return_sum: float = 0.0
    """Of valid episodes."""
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    """With that of attempts that were lost: it was spent."""
    cost_usd: float = 0.0
    """Likewise."""

    def add(self, episode: Episode, *, again: bool = False) -> None:
        """Add one; of one that is played again only what it has spent."""
        self.usage += episode.usage
        self.cost_usd += episode.cost_usd
        if again:
            return
        self.num_episodes += 1
        self.num_valid += episode.valid_for_training
        self.num_failed += episode.error_type is not None
        self.num_steps += episode.num_steps
        self.num_turns += episode.num_turns
        self.return_sum += episode.episode_return or 0.0
        self.seconds += episode.ended_at - episode.started_at

    @property
    def mean_return(self) -> float | None:
        """Over valid episodes; None without one."""
        return self.return_sum / self.num_valid if self.num_valid else None

    @property
    def valid_share(self) -> float | None:
        """0 to 1; None before the first episode ended."""
        return self.num_valid / self.num_episodes if self.num_episodes else None

    @property
    def mean_s(self) -> float | None:
        """Seconds from begin to end; None before the first episode ended."""
        return self.seconds / self.num_episodes if self.num_episodes else None


@dataclass(frozen=True, slots=True)
class FailedEpisode:
    """One that ended in an error. Its message is untrusted text, cut."""

    episode_id: str
    outcome: Outcome
    error_type: str
    message: str


@dataclass(slots=True)
class Playing:
    """An episode in flight."""

    request: EpisodeRequest
    since: float
    """By the account's clock: the begin of its stage; of the episode, as long as that is not known."""
    stage: Stage | None = None
    """As its worker last told; None before it did."""
    worker: str = ""
    """Who plays it, likewise."""


class RunAccount:
    """Counts a run as it goes; a `Listener`. Its size hangs on tasks and workers, never on the number of episodes.

    Args:
        num_planned: Episodes that the run was asked for.
        clock: Seconds, from anywhere.
    """

    def __init__(self, num_planned: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._num_planned = num_planned
        self._clock = clock
        self._started = clock()
        self._first_began: float | None = None
        self._ends: deque[float] = deque(maxlen=_RATE_OVER)
        self.all = Sums()
        self.tasks: dict[str, Sums] = {}
        """By task id."""
        self.outcomes: Counter[Outcome] = Counter()
        """Of episodes that ended for good."""
        self.num_lost = 0
        """Attempts that were lost to the infrastructure and are played again."""
        self.failures: list[FailedEpisode] = []
        """The first ones; `all.num_failed` counts the rest too."""
        self.playing: dict[str, Playing] = {}
        """By episode id."""

    def began(self, request: EpisodeRequest) -> None:
        """Count an episode as running."""
        now = self._clock()
        if self._first_began is None:
            self._first_began = now
        self.playing[request.episode_id] = Playing(request, now)

    def ended(self, episode: Episode, *, again: bool) -> None:
        """Count an episode as ended, or as lost where it is played again."""
        self.playing.pop(episode.episode_id, None)
        self.all.add(episode, again=again)
        self.tasks.setdefault(episode.task_id, Sums()).add(episode, again=again)
        if again:
            self.num_lost += 1
            return
        self._ends.append(self._clock())
        self.outcomes[episode.outcome] += 1
        if episode.error_type is not None and len(self.failures) < _FAILURES_KEPT:
            message = (episode.error_message or "")[:_LONGEST_MESSAGE]
            self.failures.append(FailedEpisode(episode.episode_id, episode.outcome, episode.error_type, message))

    def beat(self, flights: Sequence[Flight]) -> None:
        """Note where the episodes are that are being played."""
        now = self._clock()
        for flight in flights:
            if (playing := self.playing.get(flight.episode_id)) is not None:
                playing.stage, playing.since, playing.worker = flight.stage, now - flight.stage_s, flight.worker

    def now(self) -> float:
        """Return the time by the account's clock."""
        return self._clock()

    @property
    def num_machines(self) -> int:
        """Machines that start or run, as the workers last told."""
        return sum(one.stage not in (None, Stage.QUEUED) for one in self.playing.copy().values())

    @property
    def num_total(self) -> int:
        """Episodes planned, or as many as there are where it became more."""
        return max(self._num_planned, self.all.num_episodes + len(self.playing))

    @property
    def elapsed_s(self) -> float:
        """Seconds since the account was made."""
        return self._clock() - self._started

    @property
    def rate(self) -> float | None:
        """Episodes a second, over the last hundred; None before the first ended. It falls while none ends."""
        if not self._ends or self._first_began is None:
            return None
        is_full = len(self._ends) == self._ends.maxlen
        since = self._ends[0] if is_full else self._first_began
        return (len(self._ends) - is_full) / max(self._clock() - since, 1e-6)

    @property
    def eta_s(self) -> float | None:
        """Seconds to the end at this rate; None where there is no rate yet."""
        left = self.num_total - self.all.num_episodes
        return left / self.rate if self.rate else None
