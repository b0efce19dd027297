"""The way to one upstream server, shared by all episodes that use it: places, a breaker, and repeated tries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from weakref import WeakValueDictionary

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, wait_random_exponential

from claudebox_rl.gateway.answer import Answer, Ask, open_answer, refusal
from claudebox_rl.gateway.breaker import Breaker
from claudebox_rl.gateway.upstream import Upstream

_TRANSIENT = frozenset({429, 500, 502, 503, 529})
"""Statuses after which the same request may succeed."""
_BROKEN = frozenset({500, 502, 503, 504, 529})
"""Statuses that speak against the server; 429 is about the caller."""
BACKOFF_S, _LONGEST_BACKOFF_S = 0.5, 8.0
"""Pauses between tries are drawn below the first, below twice of it, and so on, up to the second."""


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """How one server is used by one process."""

    max_concurrent: int | None = 64
    """Calls at once; more wait for their turn, in order. None: no bound."""
    queue_timeout_s: float = 120.0
    """Longest wait for a turn; the agent then gets 529 with `retry-after`, and may try again."""
    max_retries: int = 4
    """Further tries of a call that failed before its first byte."""
    longest_wait_s: float = 30.0
    """Between two tries; a server that asks for more (`retry-after`) has its answer passed on."""


DIRECT = LaneSettings(max_concurrent=None, max_retries=0)
"""For upstreams without a server."""


class Lane:
    """Made by `Lanes.lane`.

    Args:
        settings: Its bounds.
    """

    def __init__(self, settings: LaneSettings = LaneSettings()) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.max_concurrent) if settings.max_concurrent else None
        self._breaker = Breaker()
        self._backoff = wait_random_exponential(multiplier=BACKOFF_S, max=_LONGEST_BACKOFF_S)

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncGenerator[bool]:
        """Wait for a turn and hold it until the answer has ended; False where none came in time."""
        if self._places is None:
            yield True
            return
        try:
            async with asyncio.timeout(self._settings.queue_timeout_s):
                await self._places.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._places.release()

    async def ask(self, ask: Ask) -> Answer:
        """Ask until an answer comes that another try would not better, or the tries are used up.

        The agent sees one answer and the record one call, whatever the number of tries. Nobody has to be asked twice:
        only failures before the first byte are tried again.
        """
        if not self._settings.max_retries:
            return await open_answer(ask)
        tries = AsyncRetrying(
            retry=retry_if_result(self._is_worth_a_try),
            stop=stop_after_attempt(self._settings.max_retries + 1),
            wait=self._pause_s,
            before_sleep=_let_go,
            retry_error_callback=_last_answer,
        )
        return await tries(self._try, ask)

    async def _try(self, ask: Ask) -> Answer:
        wait_s = self._breaker.wait_s()
        if wait_s > 0:
            message = "the model's server has failed several times in a row and is left alone for a while"
            return refusal(529, message, retry_after=f"{wait_s:.3f}")
        is_trial = self._breaker.begin()
        try:
            answer = await open_answer(ask)
        except BaseException:
            if is_trial:
                self._breaker.abandoned()
            raise
        if answer.reply.status in _BROKEN:
            self._breaker.failed(is_trial=is_trial)
        else:
            self._breaker.succeeded()
        return answer

    def _is_worth_a_try(self, answer: Answer) -> bool:
        headers = answer.reply.headers
        return (
            answer.reply.status in _TRANSIENT
            and headers.get("x-should-retry") != "false"
            and (_asked_s(answer) or 0.0) <= self._settings.longest_wait_s
        )

    def _pause_s(self, state: RetryCallState) -> float:
        """Wait at least what the server asks for, and spread the tries of many episodes."""
        pause_s, asked_s = self._backoff(state), _asked_s(_last_answer(state))
        return min(pause_s, self._settings.longest_wait_s) if asked_s is None else asked_s + pause_s / 4


class Lanes:
    """The lanes of a gateway, by server; one is forgotten with the last episode that uses it."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[tuple[str, LaneSettings], Lane] = WeakValueDictionary()

    def lane(self, upstream: Upstream, settings: LaneSettings) -> Lane:
        """Return the lane of an upstream's server; one that has none gets a lane of its own, without bounds."""
        if upstream.endpoint is None:
            return Lane(DIRECT)
        return self._lanes.setdefault((upstream.endpoint, settings), Lane(settings))


def _asked_s(answer: Answer) -> float | None:
    """Return the pause that a server asks for, in seconds; None where it asks for none."""
    headers = answer.reply.headers
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError, KeyError):
            return max(float(headers[name]) * unit_s, 0.0)
    return None


def _last_answer(state: RetryCallState) -> Answer:
    assert state.outcome is not None
    return state.outcome.result()


async def _let_go(state: RetryCallState) -> None:
    await _last_answer(state).reply.aclose()
