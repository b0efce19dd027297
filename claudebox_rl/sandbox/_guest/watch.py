"""Readiness of descriptors, each with its handler."""

from __future__ import annotations

import os
import select

from claudebox_rl.sandbox._guest.lean import Callable

READABLE, WRITABLE = select.EPOLLIN, select.EPOLLOUT


class Watch:
    """An epoll set. Handlers must not block, and bear to be called once too often."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._events: dict[int, int] = {}

    def set(self, descriptor: int, events: int, handler: Callable[[], None]) -> None:
        """Call `handler` when one of `events` is there, from now on; no events take the descriptor out."""
        before = self._events.get(descriptor, 0)
        if not events:
            if before:
                self._forget(descriptor)
            return
        self._handlers[descriptor] = handler
        if events != before:
            (self._poll.modify if before else self._poll.register)(descriptor, events)
            self._events[descriptor] = events

    def close(self, descriptor: int) -> None:
        """Close a descriptor, watched or not."""
        if descriptor in self._handlers:
            self._forget(descriptor)
        os.close(descriptor)

    def run_once(self, timeout_s: float | None) -> None:
        """Wait for at most `timeout_s` and call the handlers of what is ready."""
        for descriptor, _ in self._poll.poll(timeout_s):
            if descriptor in self._handlers:
                self._handlers[descriptor]()

    def _forget(self, descriptor: int) -> None:
        del self._handlers[descriptor], self._events[descriptor]
        self._poll.unregister(descriptor)
