"""Units that wait for their first attempt: tasks take turns, whatever the order in which units came."""

from __future__ import annotations

from collections import deque

from claudebox_rl.playing.schedule.unit import Work


class FairQueue:
    """Round robin over tasks; first in, first out within one."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Work]] = {}
        """By task; the task whose turn it is stands first."""
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, work: Work) -> None:
        """Put one at the end of its task's line."""
        self._lines.setdefault(work.task, deque()).append(work)
        self._size += 1

    def pop(self) -> Work | None:
        """Take the next one; None where nothing waits."""
        if not self._lines:
            return None
        task = next(iter(self._lines))
        line = self._lines.pop(task)
        work = line.popleft()
        if line:
            self._lines[task] = line
        self._size -= 1
        return work
