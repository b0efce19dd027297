"""Tasks that break the workers that play them."""

from __future__ import annotations

from claudebox_rl.errors import QuarantineError
from claudebox_rl.types import Episode


class Quarantine:
    """Counts, for each task, workers that died under it in a row.

    An episode of the task that comes to an end acquits it: workers also die for reasons of their own, and of a task
    with many episodes some are always there.

    Args:
        max_broken: Workers in a row after which a task is no longer played.
    """

    def __init__(self, max_broken: int) -> None:
        self._max_broken = max_broken
        self._evidence: dict[str, list[str]] = {}

    def broke(self, task: str, episode: Episode) -> None:
        """Note that a worker died while it played this."""
        self._evidence.setdefault(task, []).append(episode.episode_id)

    def played(self, task: str) -> None:
        """Note that an episode of the task came to its end on a worker that lives."""
        if self.refusal(task) is None:
            self._evidence.pop(task, None)

    def refusal(self, task: str) -> QuarantineError | None:
        """Return why the task is not to be played; None where it is."""
        episode_ids = self._evidence.get(task, [])
        if len(episode_ids) < self._max_broken:
            return None
        return QuarantineError(
            f"task {task} is in quarantine: {len(episode_ids)} workers in a row died while they played it, in the "
            f"episodes {', '.join(episode_ids)}",
            task_id=task,
            episode_ids=tuple(episode_ids),
        )
