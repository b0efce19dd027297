"""How long it takes to open a session with skills: without any, the first time, and when they are installed.

    python benchmarks/skill_load.py [SKILL ...]        # api, postgres

The first time takes packages from this host's indexes; it is measured once, in a home of its own.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time

from claudebox_rl import ClaudeBox

REPEATS = 7


async def open_s(skills: list[str]) -> float:
    """Return the seconds from nothing to an agent that takes prompts."""
    model = {"upstream": "scripted", "options": {"script": [{"text": "hello", "repeat": True}]}}
    started = time.perf_counter()
    async with ClaudeBox(model=model, sandbox="local", skills=skills):
        return time.perf_counter() - started


async def main(skills: list[str]) -> None:
    await open_s([])  # loads the CLI's file into memory
    cold = {name: await open_s([name]) for name in skills}
    rows = {"no skill": [], **{name: [] for name in skills}, "all of these": []}
    for _ in range(REPEATS):
        # In turns, so that a busy moment meets all of them.
        for name, times in rows.items():
            times.append(await open_s([] if name == "no skill" else skills if name == "all of these" else [name]))
    print(f"{'':14} {'first':>9} {'cached p50':>11} {'min':>8} {'max':>8}")
    for name, times in rows.items():
        first = f"{cold[name]:7.2f} s" if name in cold else ""
        print(f"{name:14} {first:>9} {statistics.median(times):9.3f} s {min(times):6.3f} s {max(times):6.3f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="claudebox-bench-") as home:
        os.environ["CLAUDEBOX_HOME"] = home
        asyncio.run(main(sys.argv[1:] or ["api", "postgres"]))
