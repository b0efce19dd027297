"""How long does a verdict take in a clean room, against the same verdict in place, pair by pair?

From the agent's end to the verdict: the room's start, the changes carried there, the tests, and the room's end.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from dataclasses import replace

from claudebox_rl import ClaudeBox
from claudebox_rl.tasks import Task, Verification, find_tasks

PAIRS = 50
TASK = "quickstart/fix-bug"


async def verdict_s(task: Task, sandbox: str, verification: Verification) -> tuple[float, float]:
    """Return how long a session's verdict takes, and how much of it is the test script."""
    task = replace(task, verification=verification)
    async with ClaudeBox(task, agent="oracle", sandbox=sandbox, enable_logging=False) as box:
        await box.code(task.instruction)
        started = time.perf_counter()
        verdict = await box.verify()
        took_s = time.perf_counter() - started
        assert verdict.reward == 1.0
        assert box.verification == verification
    return took_s, verdict.duration_s


def quantile_ms(values: list[float], share: float) -> float:
    return round(1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))], 1)


async def measure(sandbox: str) -> None:
    (task,) = find_tasks(TASK)
    rooms: list[tuple[float, float]] = []
    places: list[tuple[float, float]] = []
    await verdict_s(task, sandbox, "clean_room")
    for _ in range(PAIRS):
        places.append(await verdict_s(task, sandbox, "in_place"))
        rooms.append(await verdict_s(task, sandbox, "clean_room"))
    room, place = [took for took, _ in rooms], [took for took, _ in places]
    around = [statistics.median(took - script for took, script in each) for each in (rooms, places)]
    print(
        json.dumps(
            {
                "benchmark": "verification_latency",
                "sandbox": sandbox,
                "task": TASK,
                "pairs": PAIRS,
                "clean_room_ms_p50": quantile_ms(room, 0.5),
                "clean_room_ms_p99": quantile_ms(room, 0.99),
                "in_place_ms_p50": quantile_ms(place, 0.5),
                "in_place_ms_p99": quantile_ms(place, 0.99),
                "difference_ms_p50": quantile_ms([a - b for a, b in zip(room, place, strict=True)], 0.5),
                "around_the_script_ms_p50": {
                    "clean_room": round(1000 * around[0], 1),
                    "in_place": round(1000 * around[1], 1),
                },
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
