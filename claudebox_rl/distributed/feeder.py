"""Requests that are read as they are needed, in a thread of their own: reading may wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sized

from claudebox_rl.playing.schedule import LOOKAHEAD, Unit


class Feeder:
    """Reads units, never more than are wanted.

    Args:
        units: From a list some are read ahead, so that tasks can take turns; from anything else as many as can be
            played at once.
        num_places: Units that can be played at once.
        feed: Called in the feeder's thread with each unit, with None at the end, and with what reading raised.
    """

    def __init__(
        self, units: Iterable[Unit], num_places: int, feed: Callable[[Unit | BaseException | None], None]
    ) -> None:
        self._units, self._feed = units, feed
        self._wanted = threading.Semaphore(num_places + (LOOKAHEAD if isinstance(units, Sized) else 0))
        self._is_closed = False
        self._thread = threading.Thread(target=self._read, name="claudebox-requests", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finished(self) -> None:
        """Note that a unit is done with: one more is wanted."""
        self._wanted.release()

    def close(self) -> None:
        """Read no more; reading that waits at this moment is not ended."""
        self._is_closed = True
        self._wanted.release()

    def _read(self) -> None:
        try:
            units = iter(self._units)
            while True:
                self._wanted.acquire()
                unit = None if self._is_closed else next(units, None)
                if self._is_closed:
                    return
                self._feed(unit)
                if unit is None:
                    return
        except BaseException as error:
            if not self._is_closed:
                self._feed(error)
