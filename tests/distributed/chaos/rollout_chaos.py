"""Chaos: a rollout is harmed at random until it has played everything, and then its dataset is looked at.

    python tests/distributed/chaos/rollout_chaos.py --episodes 1000 --agent shell
    python tests/distributed/chaos/rollout_chaos.py --episodes 60 --agent claude

Every few seconds a machine, a worker, the driver or the raylet is killed with SIGKILL, the dataset's disk is full for
seconds, or the wall clock of the driver and of all of Ray's processes jumps by hours, ahead or back (a preloaded shim).
A driver that ends is started again and goes on with its run. The gateway is a server in the worker's process and dies
with it. Needs root, for the small disk. Prints one JSON line; exit code 1 where an episode was lost, doubled or scored
without having been judged, or where a process or machine is left a minute later.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from chaos_driver import expected_return, plan  # noqa: E402
from faults import TOKEN, Faults, clock_shim, ours, small_disk  # noqa: E402

from claudebox_rl import load_dataset  # noqa: E402
from claudebox_rl.sandbox import journal  # noqa: E402
from claudebox_rl.types import EpisodeRequest, Outcome  # noqa: E402

_GONE_S = 60.0
_NAMED = 5


def play(arguments: argparse.Namespace, folder: Path, disk: Path) -> dict[str, Any]:
    """Let drivers play the run to its end, amid faults; return the findings."""
    token, chance = uuid.uuid4().hex, random.Random(arguments.seed)
    clock = folder / "clock"
    clock.write_bytes(bytes(8))
    faults, over = Faults(token, chance, disk, clock), threading.Event()
    told: list[list[Any]] = []
    num_drivers = 0
    environment = _environment(folder, clock, token)
    harm = threading.Thread(target=_harm, args=(faults, over, chance, arguments.every_s))
    started = time.monotonic()
    harm.start()
    try:
        while True:
            num_drivers += 1
            with (folder / f"driver-{num_drivers}.log").open("w") as log:
                done = _drive(arguments, disk / "dataset", environment, log, told)
            if done or time.monotonic() - started > arguments.limit_s:
                break
    finally:
        over.set()
        harm.join()
    seconds = time.monotonic() - started
    left = _left(token)
    return {
        "benchmark": "rollout_chaos",
        "agent": arguments.agent,
        "episodes": arguments.episodes,
        "finished": done,
        "seconds": round(seconds),
        "drivers": num_drivers,
        "faults": faults.counts,
        **judge(_rows(disk / "dataset"), plan(arguments.episodes), told, scores=arguments.agent == "shell"),
        "left_after_60_s": left,
    }


def _environment(folder: Path, clock: Path, token: str) -> dict[str, str]:
    root = str(HERE.parents[2])
    shim = clock_shim(folder)
    preload = {"LD_PRELOAD": str(shim), "CHAOS_CLOCK": str(clock)} if shim else {}
    return os.environ | {TOKEN: token, "PYTHONPATH": f"{HERE}{os.pathsep}{root}"} | preload


def _harm(faults: Faults, over: threading.Event, chance: random.Random, every_s: float) -> None:
    while not over.wait(chance.uniform(0, 2 * every_s)):
        faults.strike()


def _drive(
    arguments: argparse.Namespace, dataset: Path, environment: dict[str, str], log: Any, told: list[list[Any]]
) -> bool:
    """Run one driver to its end, of whatever kind; return whether it had played everything."""
    command = [sys.executable, str(HERE / "chaos_driver.py"), str(dataset)]
    command += [str(arguments.episodes), str(arguments.workers), str(arguments.sessions), arguments.agent]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as driver:
        assert driver.stdout is not None
        told += [json.loads(line) for line in driver.stdout if line.startswith("[") and line.endswith("]\n")]
        return driver.wait() == 0


def judge(
    rows: list[dict[str, Any]], requests: list[EpisodeRequest], told: list[list[Any]], *, scores: bool
) -> dict[str, Any]:
    """Hold a dataset against the plan, and against what drivers told of episodes while they lived.

    Args:
        rows: Id, outcome, return and seed of each stored episode.
        requests: The plan.
        told: Id, outcome and return of each episode that a driver told of.
        scores: Whether half of the episodes solve their task, by seed; else all do.
    """
    stored = {row["episode_id"]: row["outcome"] for row in rows}
    valid = [row for row in rows if Outcome(row["outcome"]).valid_for_training]
    played = Counter(base_id(row["episode_id"]) for row in valid)
    unlike = [[*told, stored.get(told[0])] for told in told if stored.get(told[0]) != told[1]]
    wrong = [row for row in valid if row["episode_return"] != (expected_return(row["seed"]) if scores else 1)]
    return {
        "rows": len(rows),
        "outcomes": dict(Counter(row["outcome"] for row in rows)),
        "unplayed": sum(not played[request.episode_id] for request in requests),
        "lost": len(unlike),
        "of_lost": unlike[:_NAMED],
        "doubled": len(rows) - len(stored) + sum(count > 1 for count in played.values()),
        "wrongly_scored": len(wrong) + sum(row["episode_return"] is not None for row in rows if row not in valid),
    }


def _rows(dataset: Path) -> list[dict[str, Any]]:
    return load_dataset(dataset).episodes.select(["episode_id", "outcome", "episode_return", "seed"]).to_pylist()


def base_id(episode_id: str) -> str:
    """Return the id of the request that an attempt belongs to."""
    parts = episode_id.removesuffix("-again").rsplit("-attempt", 1)
    return base_id(parts[0]) if len(parts) > 1 or episode_id.endswith("-again") else episode_id


def _left(token: str) -> list[str]:
    """Return what is there of processes and machines, at most a minute later."""
    deadline = time.monotonic() + _GONE_S
    while True:
        left = [f"{process.pid} {process.name()}" for process in ours(token)]
        left += [entry.sandbox_id for entry in journal.records()]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--episodes", type=int, default=1000, help="a multiple of four")
    parser.add_argument("--agent", choices=("shell", "claude"), default="shell")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=8, help="per worker")
    parser.add_argument("--every-s", type=float, default=5.0, help="mean time between two faults")
    parser.add_argument("--disk-mib", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-s", type=float, default=3600, help="no driver is started after that")
    parser.add_argument("--keep", action="store_true", help="leave the drivers' logs")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    os.environ["CLAUDEBOX_HOME"] = str(folder / "home")
    with small_disk(folder / "disk", arguments.disk_mib) as disk:
        found = play(arguments, folder, disk)
    if arguments.keep:
        print(folder, file=sys.stderr)
    else:
        shutil.rmtree(folder)
    print(json.dumps(found))
    bad = ("unplayed", "lost", "doubled", "wrongly_scored", "left_after_60_s")
    return 0 if found["finished"] and not any(found[name] for name in bad) else 1


if __name__ == "__main__":
    sys.exit(main())
