"""Where an episode is while it is played, and for how long it may be there.

Whoever plays sets a clock for its context, which follows the episode's calls down to the machine; elsewhere there is no
clock, and no limit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from claudebox_rl.errors import ClaudeBoxError
from claudebox_rl.types import Stage


class StageClock:
    """The stage that one episode is in, and since when. Read by other threads.

    Args:
        limits: Longest time of each stage, in seconds; none where it is None or missing.
    """

    def __init__(self, limits: Mapping[Stage, float | None]) -> None:
        self._limits = limits
        self.now: tuple[Stage, float] = Stage.QUEUED, time.monotonic()
        """The stage, and when it began."""

    def enter(self, stage: Stage) -> None:
        """Go on to a stage; nothing happens where it is there already."""
        if self.now[0] is not stage:
            self.now = stage, time.monotonic()

    def left_s(self) -> float | None:
        """Return how long the stage may still last; None: without limit."""
        stage, since = self.now
        limit_s = self._limits.get(stage)
        return None if limit_s is None else max(0.0, since + limit_s - time.monotonic())


_clock: ContextVar[StageClock | None] = ContextVar("claudebox_stage_clock", default=None)


@contextmanager
def clocked(clock: StageClock) -> Generator[None]:
    """Have what is called in here, in whatever thread its coroutines run, tell this clock."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)


def enter_stage(stage: Stage) -> float | None:
    """Tell that the episode is in a stage; return how long that may still last (None: without limit)."""
    clock = _clock.get()
    if clock is None:
        return None
    clock.enter(stage)
    return clock.left_s()


@asynccontextmanager
async def in_stage(stage: Stage, error: type[ClaudeBoxError]) -> AsyncGenerator[None]:
    """Be in a stage; what is in it is cancelled at the stage's deadline.

    Raises:
        ClaudeBoxError: `error`, where the deadline passed.
    """
    limit = asyncio.timeout(enter_stage(stage))
    try:
        async with limit:
            yield
    except TimeoutError as timeout:
        if not limit.expired():
            raise
        raise error(
            f"the stage {stage} ran out of its time (rollout.deadlines.{stage}_s)", stage=str(stage)
        ) from timeout
