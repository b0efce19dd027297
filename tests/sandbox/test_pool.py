from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import SandboxSpec, journal
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.pool import PoolStats, SandboxPool
from claudebox_rl.testing.fake_sandbox import FakeSandbox

SPEC = SandboxSpec(env={"A": "1"})


class Factory:
    """Makes fakes and keeps them; each start takes its turn at `faults` first, then waits for `gate`."""

    def __init__(self, *faults: Exception) -> None:
        self.made: list[FakeSandbox] = []
        self.faults = list(faults)
        self.gate = asyncio.Event()
        self.gate.set()
        self.num_starting = self.most_starting = 0

    def __call__(self, spec: SandboxSpec) -> FakeSandbox:
        factory = self

        class Made(FakeSandbox):
            stopped = 0

            async def start(self) -> None:
                factory.num_starting += 1
                factory.most_starting = max(factory.most_starting, factory.num_starting)
                try:
                    await factory.gate.wait()
                    await asyncio.sleep(0)
                    if factory.faults:
                        raise factory.faults.pop(0)
                    await super().start()
                finally:
                    factory.num_starting -= 1

            async def stop(self) -> None:
                self.stopped += 1
                await super().stop()

        self.made.append(Made(spec))
        return self.made[-1]

    @property
    def left(self) -> list[FakeSandbox]:
        return [sandbox for sandbox in self.made if not sandbox.stopped]  # type: ignore[attr-defined]


async def until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  # of a pool, a process and a folder
            await asyncio.sleep(0.005)


def start_error(cause: str) -> SandboxStartError:
    return SandboxStartError(f"no luck: {cause}", cause=cause)


async def test_a_lease_is_fresh_each_time_and_ends_its_machine() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=2) as pool:
        seen = set()
        for _ in range(5):
            async with pool.lease(SPEC) as sandbox:
                assert sandbox.files == {}
                assert sandbox.spec == SPEC
                await sandbox.write_file("/workspace/used", b"")
                seen.add(sandbox.sandbox_id)
            assert sandbox.stopped == 1
            with pytest.raises(SandboxUnavailableError):
                await sandbox.exec(["true"])
        assert len(seen) == 5
    assert factory.left == []


async def test_warm_fills_before_the_first_lease_which_then_waits_for_no_start() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=3) as pool:
        await pool.warm(SPEC)
        assert pool.stats() == PoolStats(3, 0, 0, 0, 0, 0)
        factory.gate.clear()
        async with pool.lease(SPEC), pool.lease(SPEC):
            assert pool.stats() == PoolStats(1, 2, 2, 0, 2, 0)
        factory.gate.set()
        await until(lambda: pool.stats() == PoolStats(3, 0, 0, 0, 2, 0))
    assert pool.stats() == PoolStats(0, 0, 0, 0, 2, 0)


async def test_more_leases_than_machines_wait_in_turn() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=1, max_starting=3) as pool:

        async def use() -> None:
            async with pool.lease(SPEC):
                await asyncio.sleep(0.005)

        await asyncio.gather(*(use() for _ in range(20)))
        assert factory.most_starting == 3
        stats = pool.stats()
        assert (stats.num_hits + stats.num_misses, stats.num_leased) == (20, 0)
        await until(lambda: pool.stats().num_idle == 1)
    assert factory.left == []


async def test_equal_specs_share_and_others_do_not() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=1) as pool:
        env = {"A": "1"}
        await pool.warm(SandboxSpec(env=env))
        env["A"] = "2"
        async with pool.lease(SPEC) as same, pool.lease(SandboxSpec(env=env)) as other:
            assert (same.spec.env, other.spec.env) == ({"A": "1"}, {"A": "2"})
        assert (pool.stats().num_hits, pool.stats().num_misses) == (1, 1)


async def test_specs_out_of_use_hold_no_machines() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=2, max_specs=2) as pool:
        specs = [SandboxSpec(max_processes=number) for number in (10, 11, 12)]
        for spec in (specs[0], specs[1], specs[0], specs[2]):
            await pool.warm(spec)
        await until(lambda: len(factory.left) == 4)
        assert {sandbox.spec.max_processes for sandbox in factory.left} == {10, 12}
        async with pool.lease(specs[1]):
            pass


async def test_a_workspace_of_the_host_cannot_be_pooled(tmp_path: Path) -> None:
    async with SandboxPool(Factory()) as pool:
        with pytest.raises(ConfigError, match="copy_in") as caught:
            async with pool.lease(SandboxSpec(workspace=tmp_path)):
                pass
        assert caught.value.context["field"] == "workspace"


# Failed starts


@pytest.mark.parametrize("cause", ["boot", "busy", "timeout"])
async def test_what_may_pass_is_tried_again(cause: str) -> None:
    factory = Factory(start_error(cause), start_error(cause))
    async with SandboxPool(factory, size=1, max_starting=1) as pool, pool.lease(SPEC) as sandbox:
        assert (await sandbox.exec(["true"])).exit_code == 0
    assert len(factory.made) >= 3
    assert factory.left == []


@pytest.mark.parametrize("error", [start_error("kvm"), ConfigError("no"), RuntimeError("a backend's bug")])
async def test_what_stays_wrong_fails_the_waiting_leases_at_once(error: Exception) -> None:
    factory = Factory(*[error] * 100)
    async with SandboxPool(factory, size=1) as pool:
        leases = [asyncio.create_task(pool.lease(SPEC).__aenter__()) for _ in range(3)]
        assert await asyncio.gather(*leases, return_exceptions=True) == [error] * 3
        assert len(factory.made) <= 3 * 2  # one start for each lease, one for the stock behind it
        with pytest.raises(type(error)):
            await pool.warm(SPEC)
        await until(lambda: not pool.stats().num_starting)
        factory.faults.clear()
        async with pool.lease(SPEC):  # it heals
            pass
    assert factory.left == []


async def test_the_last_failure_is_raised() -> None:
    factory = Factory(*[start_error("boot")] * 100)
    async with SandboxPool(factory, size=1, start_attempts=3) as pool:
        with pytest.raises(SandboxStartError, match="no luck"):
            async with pool.lease(SPEC):
                pass
        assert len(factory.made) <= 3 * 2  # one start for the lease, one for the stock


async def test_a_spec_that_a_backend_refuses_is_the_leases_error() -> None:
    async with SandboxPool(FakeSandbox) as pool:
        with pytest.raises(ConfigError, match="network"):
            async with pool.lease(SandboxSpec(network="full")):
                pass


# Sick machines


async def test_a_sick_machine_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    factory = Factory()
    with caplog.at_level(logging.WARNING):
        async with SandboxPool(factory, size=2) as pool:
            await pool.warm(SPEC)
            first, second = factory.made
            first.die()
            async with pool.lease(SPEC) as sandbox:
                assert sandbox is second
            await until(lambda: pool.stats().num_idle == 2)
            assert pool.stats() == PoolStats(2, 0, 0, 1, 1, 0)
            assert first.stopped == 1
    assert [record.message for record in caplog.records] == [
        f"{first.sandbox_id} is sick and is not handed out: SandboxUnavailableError: {first.sandbox_id} is dead"
    ]


async def test_one_that_does_not_answer_costs_the_health_time_out() -> None:
    factory = Factory()

    async def hang(call: object) -> int:
        await asyncio.sleep(60)
        return 0

    async with SandboxPool(factory, size=2, health_timeout_s=0.1) as pool:
        await pool.warm(SPEC)
        factory.made[0].handlers["true"] = hang
        started = time.monotonic()
        async with pool.lease(SPEC) as sandbox:
            assert sandbox is factory.made[1]
        assert 0.1 <= time.monotonic() - started < 10


async def test_machines_that_all_start_sick_are_an_error() -> None:
    class Sick(FakeSandbox):
        async def start(self) -> None:
            await super().start()
            self.die()

    async with SandboxPool(Sick, size=2, start_attempts=3) as pool:
        with pytest.raises(SandboxStartError, match=r"machines in a row were sick; the last one: .* is dead"):
            async with pool.lease(SPEC):
                pass


async def test_idle_machines_that_died_are_noticed() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=2, check_every_s=0.02) as pool:
        await pool.warm(SPEC)
        factory.made[0].die()
        await until(lambda: pool.stats() == PoolStats(2, 0, 0, 1, 0, 0) and len(factory.made) == 3)
        assert factory.made[0].stopped == 1


# Cancellation and the end


async def test_a_lease_that_is_cancelled_while_it_waits_leaves_no_machine() -> None:
    factory = Factory()
    factory.gate.clear()
    async with SandboxPool(factory, size=1) as pool:
        leases = [asyncio.create_task(pool.lease(SPEC).__aenter__()) for _ in range(4)]
        await asyncio.sleep(0.01)
        for lease in leases[:3]:
            lease.cancel()
        factory.gate.set()
        await leases[3]
        await until(lambda: pool.stats().num_starting == 0)
        await until(lambda: len(factory.left) == 2)
        assert (pool.stats().num_idle, pool.stats().num_leased) == (1, 1)
    assert factory.left == []


async def test_a_machine_that_comes_with_the_cancellation_is_kept() -> None:
    factory = Factory()
    factory.gate.clear()
    async with SandboxPool(factory, size=1, max_starting=1) as pool:
        lease = asyncio.create_task(pool.lease(SPEC).__aenter__())
        await asyncio.sleep(0.01)
        (stock,) = pool._stocks.values()
        offer = stock.offer

        def offer_and_cancel(sandbox: FakeSandbox) -> bool:
            stock.offer = offer
            needed = offer(sandbox)
            lease.cancel()
            return needed

        stock.offer = offer_and_cancel
        factory.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await lease
        async with pool.lease(SPEC) as sandbox:
            assert sandbox is factory.made[0]
    assert factory.left == []


async def test_a_lease_whose_holder_is_cancelled_ends_its_machine() -> None:
    factory = Factory()
    async with SandboxPool(factory, size=1) as pool:

        async def hold() -> None:
            async with pool.lease(SPEC) as sandbox:
                await sandbox.exec(["sleep", "60"])

        holder = asyncio.create_task(hold())
        await until(lambda: pool.stats().num_leased == 1)
        await asyncio.sleep(0.01)
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder
        assert pool.stats().num_leased == 0
    assert factory.left == []


async def test_close_ends_everything_and_fails_who_waits() -> None:
    factory = Factory()
    pool = SandboxPool(factory, size=2)
    async with pool:
        held = await pool.lease(SPEC).__aenter__()
        factory.gate.clear()
        with contextlib.suppress(IndexError):
            waiting = [asyncio.create_task(pool.lease(SandboxSpec(env={"B": ""})).__aenter__()) for _ in range(2)]
        await asyncio.sleep(0.01)
        await pool.close()
        await pool.close()
        for error in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(error, SandboxUnavailableError)
        with pytest.raises(SandboxUnavailableError):
            await held.exec(["true"])
        with pytest.raises(SandboxUnavailableError, match="pool is closed"):
            async with pool.lease(SPEC):
                pass
    assert factory.left == []
    assert (pool.stats().num_idle, pool.stats().num_leased, pool.stats().num_starting) == (0, 0, 0)


def test_ctrl_c_leaves_no_machine() -> None:
    factories = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background

    async def main() -> None:
        factory = Factory()
        factories.append(factory)
        async with SandboxPool(factory, size=3) as pool:
            await pool.warm(SPEC)
            factory.gate.clear()
            async with pool.lease(SPEC):
                asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
                await asyncio.sleep(60)

    try:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main())
    finally:
        signal.signal(signal.SIGINT, before)
    assert factories[0].left == []


@pytest.mark.parametrize("name", ["size", "max_specs", "max_starting", "start_attempts"])
def test_numbers_are_checked(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        SandboxPool(FakeSandbox, **{name: 0})


# On real machines


def machine_of(sandbox_id: str) -> int:
    (pid,) = [entry.machine_pid for entry in journal.records() if entry.sandbox_id == sandbox_id]
    assert pid is not None
    return pid


@pytest.mark.usefixtures("local_sandbox")
async def test_a_warm_lease_under_load() -> None:
    took = []
    spec = replace(SPEC, max_processes=64)
    async with SandboxPool(LocalSandbox, size=4) as pool:
        await pool.warm(spec)
        async with pool.lease(spec) as busy:
            load = asyncio.create_task(busy.exec(["sh", "-c", "while :; do :; done"], timeout_s=30))
            for _ in range(10):
                await until(lambda: pool.stats().num_idle >= 1, 20)
                started = time.perf_counter()
                async with pool.lease(spec) as sandbox:
                    took.append(time.perf_counter() - started)
                    assert (await sandbox.exec(["sh", "-c", "ls -A; echo $A"])).text == "1\n"
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load
        assert (pool.stats().num_hits, pool.stats().num_misses) == (11, 0)
    assert statistics.median(took) < 0.05  # the benchmark has the real figure; this one fails where a start hides in it
    assert journal.records() == []


@pytest.mark.usefixtures("local_sandbox")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_an_idle_machine_whose_supervisor_is_gone_is_replaced(number: int) -> None:
    async with SandboxPool(LocalSandbox, size=2, health_timeout_s=0.5) as pool:
        await pool.warm(SPEC)
        first = journal.records()[0]
        victim = machine_of(next(iter(pool._stocks.values())).idle[0].sandbox_id)
        psutil.Process(victim).send_signal(number)
        assert first.machine_pid
        async with pool.lease(SPEC) as sandbox:
            assert machine_of(sandbox.sandbox_id) != victim
            assert (await sandbox.exec(["true"])).exit_code == 0
        await until(lambda: pool.stats().num_idle == 2)
        assert pool.stats().num_quarantined == 1
        await until(lambda: not psutil.pid_exists(victim), 15)
    assert journal.records() == []
