"""Whom the kernel ends first where memory runs out: `oom_score_adj` of proc(5).

Commands go first. A program may lower its score, as browsers do, to what this process was started with; so this one has
no more than that, and the larger goes first then.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator

_COMMANDS = 1000


class Score:
    """This process's place among those that could be ended.

    Made before `confine`: the files in /proc of a process that is not dumpable can't be opened, but are still written
    through what was opened before. A process may raise its score, and lower it to where it once was.
    """

    def __init__(self) -> None:
        self._file = os.open("/proc/self/oom_score_adj", os.O_RDWR)
        self._own = int(os.read(self._file, 16))

    @contextlib.contextmanager
    def of_commands(self) -> Generator[None]:
        """Be as likely to be ended as a command, so that what is started now inherits it."""
        self._set(_COMMANDS)
        try:
            yield
        finally:
            self._set(self._own)

    def _set(self, score: int) -> None:
        os.pwrite(self._file, str(score).encode(), 0)
