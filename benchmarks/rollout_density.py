"""What do many sessions cost: episodes a second, the driver's processor time, and memory, by sessions per worker?

No-op episodes (a fresh `local` machine, the task's files, the `nop` agent, the verifier, the journal), as many at the
same time in each layout, which are paired: one session in each of eight actors, four in two, eight in one; then a
hundred at the same time in two, and 10,000 requests without a machine, to see whether the driver grows.
Arguments: episodes in each layout (80), and requests without a machine (10000).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from claudebox_rl import rollout
from claudebox_rl.types import EpisodeRequest

TASK = "quickstart/fix-bug"
LAYOUTS = ((8, 1), (2, 4), (1, 8), (2, 50))
NO_MACHINE = {"sandbox": "parts.simulated:SimulatedSandbox", "policy": "parts.simulated:WaitingPolicy"}
MIB = 1 << 20


def play(num_workers: int, sessions: int, count: int, **kwargs: Any) -> dict[str, Any]:
    """Play `count` episodes; the first ones, as many as at the same time, are the start, and are left out."""
    driver, at_once = psutil.Process(), num_workers * sessions
    requests = [
        EpisodeRequest(task_id=TASK, episode_id=f"e-{number}", seed=number) for number in range(count + at_once)
    ]
    settings = {"task": TASK, "agent": "nop", "sandbox": "local"} | kwargs
    workers: dict[int, tuple[int, int]] = {}
    num_done, half_bytes = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        began = started = time.perf_counter()
        used = 0.0
        episodes = rollout(
            requests, out=Path(folder) / "d", num_workers=num_workers, sessions_per_worker=sessions, **settings
        )
        for episode in episodes:
            assert episode.outcome == "completed", episode
            num_done += 1
            if num_done == at_once:
                started, used = time.perf_counter(), sum(driver.cpu_times()[:2])
            if num_done == at_once + count // 2:
                half_bytes = driver.memory_info().rss
                workers = {p.pid: memory(p) for p in driver.children(recursive=True) if is_worker(p)}
            ended, spent = time.perf_counter(), sum(driver.cpu_times()[:2])
    found = {
        "workers": num_workers,
        "sessions_per_worker": sessions,
        "start_s": round(started - began, 1),
        "episodes_per_s": round(count / (ended - started), 1),
        "driver_cpu_ms_per_episode": round(1000 * (spent - used) / count, 2),
        "driver_rss_mib_at_half": round(half_bytes / MIB, 1),
        "driver_rss_mib_at_end": round(driver.memory_info().rss / MIB, 1),
        "worker_rss_mib": round(mean([rss for rss, _ in workers.values()]) / MIB, 1),
        "worker_uss_mib": round(mean([uss for _, uss in workers.values()]) / MIB, 1),
        "uss_mib_per_session": round(sum(uss for _, uss in workers.values()) / at_once / MIB, 1),
    }
    print(json.dumps(found), file=sys.stderr)
    return found


def is_worker(process: psutil.Process) -> bool:
    try:
        return "ray::RolloutWorker" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def memory(process: psutil.Process) -> tuple[int, int]:
    full = process.memory_full_info()
    return full.rss, full.uss


def mean(values: list[int]) -> float:
    return sum(values) / max(len(values), 1)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    num_requests = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    play(1, 1, 1)  # starts Ray
    layouts = [play(num_workers, sessions, count) for num_workers, sessions in LAYOUTS]
    many = play(2, 8, num_requests, **NO_MACHINE) if num_requests else None
    found = {"benchmark": "rollout_density", "episodes": count, "load": psutil.getloadavg()[0]}
    print(json.dumps(found | {"layouts": layouts, "without_machine": many}))


if __name__ == "__main__":
    main()
