"""How many tasks does a family make in a second of processor time, and how many of 1,000 seeds give a task again?

Made are the files of the folders, by one process. Finding tasks by their names is measured beside it, in wall time: in
an empty cache, and in one that has them.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

from claudebox_rl.tasks import find_tasks
from claudebox_rl.tasks.procedural import DIFFICULTIES, FAMILIES, generate

SEEDS = 1000


def made(family: str, num_seeds: int) -> dict[str, float]:
    seen: set[int] = set()
    num_bytes = 0
    started = time.process_time()
    for seed in range(num_seeds):
        files = generate(family, DIFFICULTIES[seed % len(DIFFICULTIES)], seed)
        num_bytes += sum(map(len, files.values()))
        shown = [files[path] for path in sorted(files) if path == "instruction.md" or path.startswith("environment/")]
        seen.add(hash(tuple(shown)))
    took_s = time.process_time() - started
    return {
        "tasks_per_cpu_s": round(num_seeds / took_s, 1),
        "duplicates": num_seeds - len(seen),
        "mean_bytes": round(num_bytes / num_seeds),
    }


def found_per_s(selector: str) -> tuple[float, float]:
    """Return the tasks found a second where none is written yet, and where all are."""
    rates: list[float] = []
    with tempfile.TemporaryDirectory(prefix="claudebox-bench-") as home:
        os.environ["CLAUDEBOX_HOME"] = home
        for _ in range(2):
            started = time.perf_counter()
            tasks = find_tasks(selector)
            rates.append(round(len(tasks) / (time.perf_counter() - started), 1))
    return rates[0], rates[1]


def main() -> None:
    num_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    families = {family: made(family, num_seeds) for family in FAMILIES}
    cold, warm = found_per_s("procedural/any-1..5-0..9")
    figures = {"found_cold_per_s": cold, "found_warm_per_s": warm, "families": families}
    print(json.dumps({"benchmark": "procedural_speed", "seeds": num_seeds, **figures}))


if __name__ == "__main__":
    main()
