"""The rollout of one job: what is left of its run."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.rollout import Rollout
from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.plan import in_groups
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.playing.run import RunRecord, opened_run
from claudebox_rl.types import Episode, EpisodeRequest


class JobRollout:
    """Plays what is not stored yet of a job; see `Playing`.

    Args:
        record: The job's run.
        requests: All its episodes.
        spec: What they are played with.
        cluster: Where.
        listener: Hears of each episode.
    """

    def __init__(
        self,
        record: RunRecord,
        requests: Sequence[EpisodeRequest],
        spec: PlayerSpec,
        cluster: RayConfig,
        listener: Listener,
    ) -> None:
        self._record, self._requests, self._spec = record, requests, spec
        self._cluster, self._listener = cluster, listener
        self._lock = threading.Lock()
        self._rollout: Rollout | None = None
        self._is_closed = False

    def __iter__(self) -> Iterator[Episode]:
        max_attempts = self._spec.rollout.max_attempts
        run_id = self._record.run_id
        with opened_run(self._spec.dataset, self._record, self._requests, max_attempts=max_attempts) as left:
            with self._lock:
                if self._is_closed:
                    return
                units = in_groups(left, self._spec.rollout.group_size)
                rollout = Rollout(units, self._spec, self._cluster, run_id=run_id, listener=self._listener)
                self._rollout = rollout
            yield from rollout

    def close(self) -> None:
        """See `Playing.close`."""
        with self._lock:
            self._is_closed = True
        if self._rollout is not None:
            self._rollout.close()
