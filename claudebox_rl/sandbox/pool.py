"""A warm pool: machines that were started before somebody asks for one. No machine is ever used twice.

async with SandboxPool(LocalSandbox, size=4) as pool:
    await pool.warm(spec)
    async with pool.lease(spec) as sandbox:
        await sandbox.exec(["make", "test"])
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._pool.health import symptom
from claudebox_rl.sandbox._pool.starter import Starter, can_be_retried
from claudebox_rl.sandbox._pool.stats import PoolStats as PoolStats
from claudebox_rl.sandbox._pool.stock import Stock
from claudebox_rl.sandbox.base import Sandbox
from claudebox_rl.sandbox.spec import SandboxSpec

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)


class SandboxPool:
    """Keeps started machines ready for each spec that was asked for. It belongs to the event loop that opens it.

    A machine's health is checked when it is leased, and now and then while it stands idle: a sick one is stopped and
    replaced. A start that fails for a reason that may pass is tried again, later each time; another reason, or the last
    failure, is raised by the leases that wait.

    Args:
        make: Makes a machine of a spec, usually the backend's class.
        size: Idle machines to keep for each spec, at least 1.
        max_specs: Specs to keep idle machines for; those of the spec that was leased longest ago are stopped.
        max_starting: Machines that start at the same time, for all specs together; None: one for each processor.
        start_attempts: Tries of one start, at least 1; a lease gives up after as many sick machines in a row.
        health_timeout_s: How long a machine may take to run `true`.
        check_every_s: How often the idle machines are looked at.

    Raises:
        ConfigError: A number is out of range.
    """

    def __init__(
        self,
        make: Callable[[SandboxSpec], Sandbox],
        *,
        size: int = 2,
        max_specs: int = 8,
        max_starting: int | None = None,
        start_attempts: int = 4,
        health_timeout_s: float = 5.0,
        check_every_s: float = 10.0,
    ) -> None:
        max_starting = (os.cpu_count() or 1) if max_starting is None else max_starting
        _check_at_least_1(size=size, max_specs=max_specs, max_starting=max_starting, start_attempts=start_attempts)
        self._starter = Starter(make, max_starting, start_attempts)
        self._size, self._max_specs, self._attempts = size, max_specs, start_attempts
        self._health_timeout_s, self._check_every_s = health_timeout_s, check_every_s
        self._stocks: dict[SandboxSpec, Stock] = {}
        """The spec leased last stands last."""
        self._leased: set[Sandbox] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._patrolling: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_open = False
        self._num_quarantined = self._num_hits = self._num_misses = 0

    async def __aenter__(self) -> Self:
        if self._is_open or self._closing is not None:
            raise ConfigError("a pool is opened once; make a new one")
        self._is_open = True
        self._patrolling = self._spawn(self._patrol())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop every machine, leased ones too, and fail the leases that wait. Idempotent."""
        self._is_open = False
        if self._closing is None:
            self._closing = asyncio.create_task(self._end())
        # Of its own, so that a caller's cancellation leaves no machine.
        await asyncio.shield(self._closing)

    def stats(self) -> PoolStats:
        """Count what is there now."""
        stocks = self._stocks.values()
        return PoolStats(
            num_idle=sum(len(stock.idle) for stock in stocks),
            num_leased=len(self._leased),
            num_starting=sum(len(stock.starting) for stock in stocks),
            num_quarantined=self._num_quarantined,
            num_hits=self._num_hits,
            num_misses=self._num_misses,
        )

    # Leases

    async def warm(self, spec: SandboxSpec) -> None:
        """Return once as many machines as the pool keeps stand ready for a spec.

        Raises:
            ConfigError: Machines of this spec can't be pooled, or the backend can't enforce it.
            SandboxStartError: One does not come up.
            SandboxUnavailableError: The pool is closed.
        """
        spec = _own(spec)
        stock = self._stock(spec)
        self._refill(spec, stock)
        while len(stock.idle) < stock.size and stock.starting:
            done, _ = await asyncio.wait(stock.starting, return_when=asyncio.FIRST_COMPLETED)
            self._require_open()
            for start in done:
                if not start.cancelled() and (error := start.result()):
                    raise error

    @asynccontextmanager
    async def lease(self, spec: SandboxSpec | None = None) -> AsyncGenerator[Sandbox]:
        """Hold a fresh, healthy machine; it is stopped at the end, never handed out again.

        Raises:
            ConfigError: Machines of this spec can't be pooled, or the backend can't enforce it.
            SandboxStartError: None comes up, or all that come up are sick.
            SandboxUnavailableError: The pool is closed.
        """
        sandbox = await self._take(_own(spec or SandboxSpec()))
        try:
            yield sandbox
        finally:
            self._leased.discard(sandbox)
            await asyncio.shield(self._spawn(sandbox.stop()))

    async def _take(self, spec: SandboxSpec) -> Sandbox:
        is_hit, complaint = True, None
        # Machines that died while they stood idle say nothing about the next one.
        tries = self._attempts + len(self._stock(spec).idle)
        for _ in range(tries):
            stock = self._stock(spec)
            is_hit = is_hit and bool(stock.idle)
            sandbox = await self._next(spec, stock)
            self._leased.add(sandbox)
            try:
                complaint = await symptom(sandbox, self._health_timeout_s)
            except BaseException:
                self._discard(sandbox)
                raise
            finally:
                # Not before: the start of the next one would take the processor from the check.
                self._refill(spec, stock)
            if complaint is None:
                self._num_hits += is_hit
                self._num_misses += not is_hit
                return sandbox
            self._quarantine(sandbox, complaint)
        raise SandboxStartError(f"{tries} machines in a row were sick; the last one: {complaint}", cause="sick")

    async def _next(self, spec: SandboxSpec, stock: Stock) -> Sandbox:
        if stock.idle:
            return stock.idle.popleft()
        place = stock.queue()
        self._refill(spec, stock)
        try:
            return await place
        except asyncio.CancelledError:
            if sandbox := stock.leave(place):
                self._keep(stock, sandbox)
            raise

    def _stock(self, spec: SandboxSpec) -> Stock:
        """Return a spec's machines, and let go of those of specs that are out of use."""
        self._require_open()
        if spec.workspace is not None:
            raise ConfigError(
                "a machine with a workspace of the host can't be pooled, for it is started before its workspace is "
                "known: lease one without, and copy the files in (copy_in)",
                field="workspace",
            )
        stock = self._stocks.pop(spec, None) or Stock(self._size)
        self._stocks[spec] = stock
        for other, old in tuple(self._stocks.items()):
            if len(self._stocks) > self._max_specs and old is not stock and not old.num_waiting:
                self._drop(other)
        return stock

    def _require_open(self) -> None:
        if not self._is_open:
            raise SandboxUnavailableError("the pool is closed, or was not opened yet (async with)")

    # Starts

    def _refill(self, spec: SandboxSpec, stock: Stock) -> None:
        while self._is_open and stock.num_missing > 0:
            stock.starting.add(self._spawn(self._bring(spec, stock)))

    async def _bring(self, spec: SandboxSpec, stock: Stock) -> Exception | None:
        """Start one machine; return the error that it failed with, which the waiting leases raise."""
        try:
            sandbox = await self._starter.start(spec)
        except Exception as error:  # of a backend that anybody may write
            self._came(stock)
            # Where a retry might have helped, the starts under way may still succeed.
            num_told = stock.fail(error, spare=len(stock.starting) if can_be_retried(error) else 0)
            _LOG.log(logging.DEBUG if num_told else logging.WARNING, "a machine for the pool did not start: %s", error)
            return error
        self._came(stock)
        self._keep(stock, sandbox)
        return None

    def _keep(self, stock: Stock, sandbox: Sandbox) -> None:
        if not stock.offer(sandbox):
            self._discard(sandbox)

    def _came(self, stock: Stock) -> None:
        stock.starting -= {task for task in stock.starting if task is asyncio.current_task()}

    # The end of machines

    async def _patrol(self) -> None:
        """Find idle machines that died: they hold memory, and a lease would have to pass them over."""
        while True:
            await asyncio.sleep(self._check_every_s)
            for spec, stock in tuple(self._stocks.items()):
                for sandbox in tuple(stock.idle):
                    complaint = await symptom(sandbox, self._health_timeout_s)
                    if complaint is not None and sandbox in stock.idle:
                        stock.idle.remove(sandbox)
                        self._quarantine(sandbox, complaint)
                        self._refill(spec, stock)

    def _quarantine(self, sandbox: Sandbox, complaint: str) -> None:
        self._num_quarantined += 1
        _LOG.warning("%s is sick and is not handed out: %s", sandbox.sandbox_id, complaint)
        self._discard(sandbox)

    def _discard(self, sandbox: Sandbox) -> None:
        self._leased.discard(sandbox)
        self._spawn(sandbox.stop())

    def _drop(self, spec: SandboxSpec) -> None:
        stock = self._stocks.pop(spec)
        stock.size = 0
        for start in stock.starting:
            start.cancel()
        for sandbox in stock.idle:
            self._discard(sandbox)
        stock.idle.clear()

    async def _end(self) -> None:
        for stock in self._stocks.values():
            stock.fail(SandboxUnavailableError("the pool was closed"))
        for spec in tuple(self._stocks):
            self._drop(spec)
        for sandbox in tuple(self._leased):
            self._discard(sandbox)
        if self._patrolling is not None:
            self._patrolling.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _spawn(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Run something in the background that `close` waits for; a failure nobody waits for is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("a machine of the pool did not end cleanly: %s", error)


def _own(spec: SandboxSpec) -> SandboxSpec:
    """Return the spec with a mapping of its own: what a caller does to its mapping later must not change the key."""
    return replace(spec, env=dict(spec.env))


def _check_at_least_1(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise ConfigError(f"{name}={value} must be at least 1", field=name)
