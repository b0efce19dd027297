"""When a whole run is beyond help."""

from __future__ import annotations

from collections import Counter, deque

from claudebox_rl.errors import RolloutError
from claudebox_rl.types import Episode, Outcome

SHARE = 0.9
"""Of the attempts in the window that must have failed."""


class Breaker:
    """Watches the last attempts of a run.

    Args:
        window: How many; None: never break.
    """

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._last: deque[Episode | None] = deque(maxlen=window)
        """Failed attempts; None for one that ended well."""
        self._tasks: set[str] = set()

    def note(self, episode: Episode) -> None:
        """Count an attempt that ended."""
        self._tasks = {*self._tasks, episode.task_id} if len(self._tasks) < 2 else self._tasks
        self._last.append(episode if episode.outcome is Outcome.INFRA_ERROR else None)

    def reason(self) -> RolloutError | None:
        """Return why the run should stop; None where it should go on."""
        failed = [episode for episode in self._last if episode is not None]
        if not self._window or len(self._last) < self._window or len(failed) < SHARE * self._window:
            return None
        tasks = {episode.task_id for episode in failed}
        if len(tasks) < len(self._tasks):  # one task alone says nothing of the others
            return None
        kinds = Counter(str(episode.error_type) for episode in failed)
        last = failed[-1]
        return RolloutError(
            f"stopped early: {len(failed)} of the last {self._window} attempts, over {len(tasks)} tasks, failed by the "
            f"infrastructure ({', '.join(f'{kind}: {number}' for kind, number in kinds.most_common())}); the last one, "
            f"{last.episode_id}: {last.error_message}. Finished episodes are kept. To go on all the same: "
            f"rollout.breaker_window=null",
            episode_ids=tuple(episode.episode_id for episode in failed),
        )
