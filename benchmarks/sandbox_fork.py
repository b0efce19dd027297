"""How long do 8 forks of a machine with 10 MB in 1,000 files take, beside 8 cold set-ups of the same state?

A cold set-up is a start and a copy of the folder, eight at once, as a user without forks makes a group's machines.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from claudebox_rl.sandbox import Sandbox, sandbox_class

RUNS, FORKS = 7, 8
FILE_BYTES, NUM_FILES = 10_000, 1000


def make_folder(folder: Path) -> Path:
    for number in range(NUM_FILES):
        place = folder / f"part-{number % 20}" / f"file-{number}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.urandom(FILE_BYTES))
    return folder


async def stop_all(machines: list[Sandbox]) -> None:
    for machine in machines:
        listed = await machine.exec(["sh", "-c", "find /workspace -type f | wc -l"])
        assert listed.text.strip() == str(NUM_FILES)
    await asyncio.gather(*(machine.stop() for machine in machines))


async def fork_s(parent: Sandbox) -> float:
    started = time.perf_counter()
    machines = await parent.fork(FORKS)
    took = time.perf_counter() - started
    await stop_all(list(machines))
    return took


async def cold_s(sandbox: str, folder: Path) -> float:
    machines = [sandbox_class(sandbox)() for _ in range(FORKS)]

    async def set_up(machine: Sandbox) -> None:
        await machine.start()
        await machine.copy_in(folder, "/workspace")

    started = time.perf_counter()
    await asyncio.gather(*(set_up(machine) for machine in machines))
    took = time.perf_counter() - started
    await stop_all(machines)
    return took


async def measure(sandbox: str) -> None:
    forks, cold = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = make_folder(Path(scratch) / "folder")
        async with sandbox_class(sandbox)() as parent:
            await parent.copy_in(folder, "/workspace")
            await fork_s(parent)
            for _ in range(RUNS):
                forks.append(await fork_s(parent))
                cold.append(await cold_s(sandbox, folder))
    ratios = [c / f for c, f in zip(cold, forks, strict=True)]
    print(
        json.dumps(
            {
                "benchmark": "sandbox_fork",
                "sandbox": sandbox,
                "fork": sandbox_class(sandbox).capabilities().fork,
                "forks": FORKS,
                "runs": RUNS,
                "fork_ms_p50": round(1000 * statistics.median(forks), 1),
                "cold_ms_p50": round(1000 * statistics.median(cold), 1),
                "times_faster_p50": round(statistics.median(ratios), 2),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
