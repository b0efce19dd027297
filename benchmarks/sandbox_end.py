"""How long does a machine outlive a `kill -9` of its owner, and what does an orderly stop cost?

The machine holds four processes, one of them a daemon with an empty environment. Paired against the same four processes
started by a script and killed with it, as a user without sandboxes has them: there, daemons stay.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time

import psutil

from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.sandbox.reaper import reap

RUNS = 20
PATIENCE_S = 5.0
WORK = "sleep 301 & setsid sleep 302 & env -i setsid sh -c 'sleep 303; true' & wait"
OWNER = """
import asyncio, sys
from claudebox_rl.sandbox import sandbox_class
async def main():
    async with sandbox_class(sys.argv[1])() as machine:
        work = asyncio.create_task(machine.exec(["sh", "-c", sys.argv[2]]))
        await asyncio.sleep(0.2)
        print("up", flush=True)
        await work
asyncio.run(main())
"""
BARE = """
import subprocess, sys, time
work = subprocess.Popen(["sh", "-c", sys.argv[2]])
time.sleep(0.2)
print("up", flush=True)
work.wait()
"""


def killed(script: str, sandbox: str) -> tuple[float, int]:
    """Return for how long processes outlived their owner, and how many still live after `PATIENCE_S` for all."""
    with subprocess.Popen([sys.executable, "-c", script, sandbox, WORK], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        below = psutil.Process(owner.pid).children(recursive=True)
        started = time.perf_counter()
        owner.kill()
    while any(map(lives, below)) and time.perf_counter() - started < PATIENCE_S:
        time.sleep(0.001)
    took = time.perf_counter() - started
    left = [process for process in below if lives(process)]
    for process in left:
        process.kill()
    return took, len(left)


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def stop_s(sandbox: str) -> float:
    machine = sandbox_class(sandbox)()
    await machine.start()
    work = asyncio.create_task(machine.exec(["sh", "-c", WORK]))
    await asyncio.sleep(0.1)
    started = time.perf_counter()
    await machine.stop()
    took = time.perf_counter() - started
    await asyncio.gather(work, return_exceptions=True)
    return took


def ms(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(1000 * statistics.median(seconds), 1),
        "max": round(1000 * max(seconds), 1),
    }


async def stops(sandbox: str) -> list[float]:
    return [await stop_s(sandbox) for _ in range(RUNS)]


def main() -> None:
    sandbox = sys.argv[1] if len(sys.argv) > 1 else "local"
    gone, orphans = zip(*(killed(OWNER, sandbox) for _ in range(RUNS)), strict=True)
    _, bare_orphans = killed(BARE, sandbox)
    reap(wait=True)
    print(
        json.dumps(
            {
                "benchmark": "sandbox_end",
                "sandbox": sandbox,
                "runs": RUNS,
                "kill_to_gone_ms": ms(list(gone)),
                "orphans": sum(orphans),
                "bare_orphans_of_one_run": bare_orphans,
                "stop_ms": ms(asyncio.run(stops(sandbox))),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
