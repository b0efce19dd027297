"""One event loop in a thread of its own, for the synchronous environments of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

Result = TypeVar("Result")
_CLEAN_UP_S = 30.0


class LoopThread:
    """Runs coroutines for threads that wait for them. The thread is a daemon and ends with the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="claudebox-loop", daemon=True).start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end and return its result.

        An interrupt of the waiting thread cancels the coroutine, and is raised after its clean-up (30 s at most).
        """
        ended = threading.Event()

        async def main() -> Result:
            try:
                return await coroutine
            finally:
                ended.set()

        future = asyncio.run_coroutine_threadsafe(main(), self._loop)
        try:
            return future.result()
        except BaseException:
            if future.cancel():
                ended.wait(_CLEAN_UP_S)
            raise


_first_use = threading.Lock()


def shared_loop() -> LoopThread:
    """Return the loop of this process; threads that ask at once get the same one."""
    with _first_use:  # `cache` alone lets two threads make one each, and the second one's machines can't be closed
        return _make()


@cache
def _make() -> LoopThread:
    return LoopThread()
