"""A run in Ray's metrics, which every node of a cluster exports to Prometheus. Their meaning is in docs/rollouts.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from claudebox_rl.distributed.cluster import ray_metrics
from claudebox_rl.playing.account import Sums
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Stage

_PREFIX = "claudebox_rl_"
_RETURNS = [0.001, 0.25, 0.5, 0.75, 0.999]
"""Upper bounds of buckets: those of 0 and less and of 1 and more stand apart. Ray takes none that is not positive."""
_SECONDS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0]


class RayMetrics:
    """Records a run; a `Listener`.

    The driver records, not the workers: it hears of each episode once, whichever worker dies, and a counter that died
    with its process would start anew; and there is one series of a name, not one a worker. A record costs 4 µs (Ray
    2.60), and does nothing where `ray[default]` is not installed.

    Args:
        run_id: The label of all.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._num_running = 0
        self._sums = Sums()
        run = ("run_id",)
        self._episodes = _counter("episodes", "Episodes that ended for good", *run, "outcome")
        self._lost = _counter("attempts_lost", "Attempts that are played again", *run)
        self._tokens = _counter("tokens", "Tokens of models", *run, "kind")
        self._cost = _counter("cost_usd", "US dollars of models", *run)
        self._running = _gauge("episodes_running", "Episodes at workers", *run)
        self._machines = _gauge("machines", "Machines that start or run", *run)
        self._mean = _gauge("mean_return", "Mean return of valid episodes", *run)
        self._returns = _histogram("episode_return", "Returns of valid episodes", _RETURNS, *run)
        self._stages = _histogram("stage_seconds", "Seconds in a stage of an attempt", _SECONDS, *run, "stage")

    def began(self, request: EpisodeRequest) -> None:
        """Record that an episode was given to a worker."""
        self._num_running += 1
        self._running.set(self._num_running, self._labels())

    def ended(self, episode: Episode, *, again: bool) -> None:
        """Record what an attempt was."""
        self._sums.add(episode, again=again)
        self._num_running = max(0, self._num_running - 1)
        self._running.set(self._num_running, self._labels())
        if not self._num_running:
            self.beat(())  # at the end of a run there is none any more
        self._record_spent(episode)
        if again:
            self._lost.inc(1, self._labels())
            return
        self._episodes.inc(1, self._labels(outcome=str(episode.outcome)))
        if episode.episode_return is not None:
            self._returns.observe(episode.episode_return, self._labels())
        if self._sums.mean_return is not None:
            self._mean.set(self._sums.mean_return, self._labels())

    def beat(self, flights: Sequence[Flight]) -> None:
        """Record how many machines there are."""
        self._machines.set(sum(flight.stage is not Stage.QUEUED for flight in flights), self._labels())

    def _record_spent(self, episode: Episode) -> None:
        usage = episode.usage
        fresh = usage.input_tokens - usage.cached_tokens
        for kind, count in (("input", fresh), ("cached", usage.cached_tokens), ("output", usage.output_tokens)):
            if count > 0:
                self._tokens.inc(count, self._labels(kind=kind))
        if episode.cost_usd > 0:
            self._cost.inc(episode.cost_usd, self._labels())
        for stage, seconds in (
            (Stage.QUEUED, episode.queued_s),
            (Stage.START, episode.boot_s),
            (Stage.SETUP, episode.setup_s),
            (Stage.AGENT, episode.agent_s),
            (Stage.VERIFY, episode.verify_s),
        ):
            if seconds:
                self._stages.observe(seconds, self._labels(stage=str(stage)))

    def _labels(self, **more: str) -> dict[str, str]:
        return {"run_id": self._run_id, **more}


def _counter(name: str, meaning: str, *labels: str) -> Any:
    return ray_metrics.Counter(_PREFIX + name, meaning, labels)


def _gauge(name: str, meaning: str, *labels: str) -> Any:
    return ray_metrics.Gauge(_PREFIX + name, meaning, labels)


def _histogram(name: str, meaning: str, boundaries: list[float], *labels: str) -> Any:
    return ray_metrics.Histogram(_PREFIX + name, meaning, boundaries, labels)
