"""What does one command cost in a live sandbox, beside a bare subprocess and SWE-ReX's local runtime?

Paired: one of each, again and again. Neither of the others isolates anything; SWE-ReX's `execute` blocks the loop.
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
from swerex.runtime.abstract import BashAction, Command, CreateBashSessionRequest

from claudebox_rl.sandbox import Sandbox, sandbox_class

RUNS = 400
OF_SESSION = 60


async def seconds(run: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await run()
    return time.perf_counter() - started


async def in_sandbox(sandbox: Sandbox) -> None:
    assert (await sandbox.exec(["true"])).exit_code == 0


async def bare() -> None:
    subprocess.run(["true"], check=True, capture_output=True)  # noqa: ASYNC221  # that it blocks is a part of it


async def bare_asyncio() -> None:
    process = await asyncio.create_subprocess_exec("true", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await process.communicate()


async def swe_rex() -> LocalDeployment:
    deployment = LocalDeployment()
    await deployment.start()
    try:
        await deployment.runtime.create_session(CreateBashSessionRequest(startup_timeout=5))
    except pexpect.TIMEOUT:  # it misses its shell's prompt now and then (1.4.0)
        return await swe_rex()
    return deployment


def ms(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(1000 * statistics.median(seconds), 2),
        "p99": round(1000 * statistics.quantiles(seconds, n=100)[-1], 2),
    }


async def measure(sandbox: str) -> None:
    deployment = await swe_rex()
    runtime = deployment.runtime
    times: dict[str, list[float]] = {"sandbox": [], "subprocess": [], "asyncio_subprocess": [], "swe_rex_execute": []}
    async with sandbox_class(sandbox)() as machine:
        runs: dict[str, Callable[[], Awaitable[object]]] = {
            "sandbox": lambda: in_sandbox(machine),
            "subprocess": bare,
            "asyncio_subprocess": bare_asyncio,
            "swe_rex_execute": lambda: runtime.execute(Command(command=["true"])),
        }
        for run in runs.values():
            await run()
        for _ in range(RUNS):
            for name, run in runs.items():
                times[name].append(await seconds(run))
        session = [await seconds(lambda: runtime.run_in_session(BashAction(command="true"))) for _ in range(OF_SESSION)]
    await deployment.stop()
    own = statistics.median(times["sandbox"])
    print(
        json.dumps(
            {
                "benchmark": "sandbox_exec",
                "sandbox": sandbox,
                "runs": RUNS,
                **{f"{name}_ms": ms(taken) for name, taken in times.items()},
                "swe_rex_session_ms": ms(session),
                "ratio_to_subprocess": round(own / statistics.median(times["subprocess"]), 2),
                "ratio_to_swe_rex_execute": round(own / statistics.median(times["swe_rex_execute"]), 2),
                "ratio_to_swe_rex_session": round(own / statistics.median(session), 4),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
