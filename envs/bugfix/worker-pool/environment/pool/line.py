"""The line of waiting jobs."""

import collections
import threading


class Line:
    """Tickets that wait, the first come first, and a count of those that were taken and aren't done."""

    def __init__(self):
        self._tickets, self._busy, self._closed = collections.deque(), 0, False
        self._changed = threading.Condition()

    def put(self, ticket):
        """Add a ticket; never waits.

        Raises:
            RuntimeError: The line is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is closed")
            self._tickets.append(ticket)
            self._changed.notify_all()

    def take(self):
        """Wait for a ticket and take it; None when the line is closed and empty."""
        with self._changed:
            while not self._tickets:
                self._changed.wait()
            return self._tickets.popleft()

    def done(self):
        """Note that a ticket that was taken is done."""
        with self._changed:
            self._busy = max(0, self._busy - 1)
            self._changed.notify()

    def wait_idle(self):
        """Wait until no ticket waits and none that was taken isn't done."""
        with self._changed:
            while self._tickets:
                self._changed.wait()

    def close(self):
        """Let nothing more in, and let all who wait go on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
