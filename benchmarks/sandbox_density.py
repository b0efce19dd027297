"""How many machines stand at once, and what does an idle one hold in memory, beside a bare idle Python process?

Memory is PSS: pages that several processes share are divided among them (proc_pid_smaps(5)).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from claudebox_rl.sandbox import Sandbox, sandbox_class

COUNT = 100


def pss_mib(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def own_children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def bare_mib() -> float:
    """Return what each of as many idle Python processes holds: the least that a supervisor in Python could."""
    script = "import sys; print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen([sys.executable, "-I", "-S", "-c", script], **pipes) for _ in range(COUNT)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    held = pss_mib([process.pid for process in processes]) / COUNT
    for process in processes:
        process.communicate()
    return held


async def all_of(machines: list[Sandbox], verb: str, *arguments: object) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(getattr(machine, verb)(*arguments) for machine in machines))
    return time.perf_counter() - started


async def measure(sandbox: str) -> None:
    make = sandbox_class(sandbox)
    async with make():
        before = own_children()
    one = make()
    await one.start()
    single_mib = pss_mib(list(own_children() - before))
    await one.stop()
    machines = [make() for _ in range(COUNT)]
    start_s = await all_of(machines, "start")
    exec_s = await all_of(machines, "exec", ["true"])
    idle_mib = pss_mib(list(own_children() - before)) / COUNT
    stop_s = await all_of(machines, "stop")
    bare = bare_mib()
    print(
        json.dumps(
            {
                "benchmark": "sandbox_density",
                "sandbox": sandbox,
                "machines": COUNT,
                "idle_pss_mib_each": round(idle_mib, 2),
                "idle_pss_mib_alone": round(single_mib, 2),
                "bare_python_pss_mib_each": round(bare, 2),
                "ratio_idle_to_bare_python": round(idle_mib / bare, 2),
                "start_all_s": round(start_s, 2),
                "exec_on_all_s": round(exec_s, 2),
                "stop_all_s": round(stop_s, 2),
                "load": round(os.getloadavg()[0], 2),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
