"""How long until a machine is ready: the first of a process, the next ones, and one from a warm pool?

Paired against SWE-ReX's local runtime with its shell session, which isolates nothing: what a user without Docker takes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import pexpect
from swerex.deployment.local import LocalDeployment
from swerex.runtime.abstract import CreateBashSessionRequest

from claudebox_rl.sandbox import SandboxSpec, sandbox_class
from claudebox_rl.sandbox.pool import SandboxPool

RUNS, COLD_RUNS = 60, 5
FIRST = """
import asyncio, sys, time
from claudebox_rl.sandbox import sandbox_class
async def main():
    make = sandbox_class(sys.argv[1])
    started = time.perf_counter()
    async with make():
        print(time.perf_counter() - started)
asyncio.run(main())
"""


def cold_s(sandbox: str) -> float:
    done = subprocess.run([sys.executable, "-c", FIRST, sandbox], check=True, capture_output=True, text=True)
    return float(done.stdout)


async def start_s(sandbox: str) -> float:
    started = time.perf_counter()
    async with sandbox_class(sandbox)():
        return time.perf_counter() - started


async def swe_rex_s() -> float:
    started = time.perf_counter()
    deployment = LocalDeployment()
    await deployment.start()
    try:
        await deployment.runtime.create_session(CreateBashSessionRequest(startup_timeout=5))
    except pexpect.TIMEOUT:  # it misses its shell's prompt now and then (1.4.0): that start does not count
        return await swe_rex_s()
    took = time.perf_counter() - started
    await deployment.stop()
    return took


async def lease_s(pool: SandboxPool, spec: SandboxSpec) -> float:
    while pool.stats().num_starting:  # noqa: ASYNC110  # not a part of what is measured
        await asyncio.sleep(0.01)
    started = time.perf_counter()
    async with pool.lease(spec):
        return time.perf_counter() - started


async def times(run: Callable[[], Awaitable[float]]) -> list[float]:
    return [await run() for _ in range(RUNS)]


def ms(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(1000 * statistics.median(seconds), 2),
        "p90": round(1000 * statistics.quantiles(seconds, n=10)[-1], 2),
    }


async def measure(sandbox: str) -> None:
    cold = [cold_s(sandbox) for _ in range(COLD_RUNS)]
    await start_s(sandbox)
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(await start_s(sandbox))
        theirs.append(await swe_rex_s())
    spec = SandboxSpec()
    async with SandboxPool(sandbox_class(sandbox), size=2) as pool:
        await pool.warm(spec)
        leases = await times(lambda: lease_s(pool, spec))
        assert pool.stats().num_misses == 0
    print(
        json.dumps(
            {
                "benchmark": "sandbox_start",
                "sandbox": sandbox,
                "runs": RUNS,
                "first_of_a_process_ms_p50": round(1000 * statistics.median(cold), 1),
                "start_ms": ms(ours),
                "warm_lease_ms": ms(leases),
                "swe_rex_local_ms": ms(theirs),
                "ratio_start_to_swe_rex": round(statistics.median(ours) / statistics.median(theirs), 3),
                "ratio_lease_to_start": round(statistics.median(leases) / statistics.median(ours), 3),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
