"""What went over a sandbox's ways to the host, and what was not let through."""

from __future__ import annotations

import time
from collections import deque

from claudebox_rl.types import RefusedConnection

MOST_REFUSED_KEPT = 256


class Traffic:
    """Counters of one sandbox, written by whoever carries its bytes."""

    def __init__(self) -> None:
        self.sent = 0
        """Payload bytes that left the sandbox."""
        self.received = 0
        """Payload bytes that came into it."""
        self.refused: deque[RefusedConnection] = deque(maxlen=MOST_REFUSED_KEPT)
        """The last refused connections."""
        self.num_refused = 0
        """All refused connections."""
        self._num_taken = 0

    def refuse(self, host: str, port: int, reason: str) -> None:
        """Note a connection that was not let through."""
        self.num_refused += 1
        self.refused.append(RefusedConnection(host, port, reason, time.time()))

    def take_refused(self) -> tuple[RefusedConnection, ...]:
        """Return the refused connections since the last time, oldest first; where they are many, the last of them."""
        num_new, self._num_taken = self.num_refused - self._num_taken, self.num_refused
        return tuple(self.refused)[-num_new:] if num_new else ()
