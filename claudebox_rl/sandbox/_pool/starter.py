"""Starts of machines, so many at a time; and which failed ones are worth another try, and when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox.base import Sandbox
from claudebox_rl.sandbox.spec import SandboxSpec

_LOG = logging.getLogger(__name__)
RETRIED_CAUSES = frozenset({"boot", "busy", "timeout"})
"""Of `SandboxStartError.context["cause"]`: a machine that did not come up, or not in its time, and a host that had no
processes, memory or user numbers to spare. What a host lacks, or a spec asks wrongly, no retry brings."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 10.0


def can_be_retried(error: BaseException) -> bool:
    """Say whether the same start may succeed later."""
    return isinstance(error, SandboxStartError) and error.context.get("cause") in RETRIED_CAUSES


class Starter:
    """Starts machines. A failed start that may succeed later is tried again; waits grow twofold, drawn at random.

    Args:
        make: Makes a machine of a spec.
        max_starting: Starts at the same time; waiting for the next try is none.
        attempts: Tries of one start.
    """

    def __init__(self, make: Callable[[SandboxSpec], Sandbox], max_starting: int, attempts: int) -> None:
        self._make = make
        self._turns = asyncio.Semaphore(max_starting)
        self._attempts = attempts

    async def start(self, spec: SandboxSpec) -> Sandbox:
        """Return a started machine; the caller stops it.

        Raises:
            ConfigError: The backend can't enforce the spec.
            SandboxStartError: The last try failed, or another would fail as well.
        """
        retries = AsyncRetrying(
            retry=retry_if_exception(can_be_retried),
            stop=stop_after_attempt(self._attempts),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S),
            before_sleep=_log_retry,
            reraise=True,
        )
        return await retries(self._try, spec)

    async def _try(self, spec: SandboxSpec) -> Sandbox:
        async with self._turns:
            sandbox = self._make(spec)
            try:
                await sandbox.start()
            except BaseException:
                await asyncio.shield(sandbox.stop())
                raise
            return sandbox


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _LOG.info("a machine did not start, try %d: %s", state.attempt_number, error)
