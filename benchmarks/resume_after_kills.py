"""Does a run that is killed at random moments, and started again each time, end in the dataset of an undisturbed one?

Rounds of one run each: `claudebox-rl rollout run=...` is started, killed (`kill -9` of its process group) at a moment
drawn from the whole time that an undisturbed run takes, and started again, until a start comes to its end; then each
row of the three tables is held against the undisturbed run's, but for times. With `--victims workers` it is a Ray
worker that is killed, at such moments; the attempts lost with workers are rows of their own then, and are left out.

    python benchmarks/resume_after_kills.py --kills 50
    python benchmarks/resume_after_kills.py --kills 5 --workers 2
    python benchmarks/resume_after_kills.py --kills 5 --workers 2 --victims workers

Any difference, doubled row or process left behind ends it with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from claudebox_rl.trajectory import load_dataset

COMMANDS = ["pwd", "seq 1 20 > numbers; wc -l numbers", "sleep 0.2; sha256sum numbers", "ls"]
TIMES = ("_s", "_at")
"""How columns of times end."""
GONE_S = 60.0


class Run:
    """One run in a folder, played by the command line."""

    def __init__(self, folder: Path, out: Path, num_workers: int, num_episodes: int) -> None:
        script = folder / "commands.yaml"
        script.write_text(json.dumps(COMMANDS))
        self.out = out
        self._log = (folder / "log").open("a")
        settings = {
            "run": "killed",
            "out": str(out),
            "seat": "shell",
            "policy": "scripted",
            "policy.options.script": str(script),
            "task": "[quickstart/fix-bug,quickstart/write-function]",
            "sandbox": "local",
            "seed": "11",
            "rollout.episodes_per_task": str(num_episodes),
            "rollout.commit_interval_s": "1",
            "rollout.num_workers": str(num_workers),
        }
        arguments = [f"{name}={value}" for name, value in settings.items()]
        self._command = [sys.executable, "-m", "claudebox_rl.cli.main", "rollout", *arguments]

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdout=self._log, stderr=self._log, start_new_session=True)

    def rows(self, *, only_valid: bool) -> dict[str, Any]:
        """All that is stored, but for times, by table."""
        dataset = load_dataset(self.out)
        ids = [row["episode_id"] for row in dataset.episodes.to_pylist()]
        assert len(ids) == len(set(ids)), f"doubled rows: {sorted(ids)}"
        tables = {"episodes": dataset.episodes, "steps": dataset.steps, "model_calls": dataset.model_calls}
        valid = {row["episode_id"] for row in dataset.episodes.to_pylist() if row["valid_for_training"]}
        return {
            name: sorted(
                json.dumps(_untimed(row, str(self.out), only_valid), sort_keys=True)
                for row in table.to_pylist()
                if not only_valid or row["episode_id"] in valid
            )
            for name, table in tables.items()
        }


def _untimed(value: Any, out: str, without_attempts: bool) -> Any:
    """Return a row without times, without where it lies, and, if asked, as a first attempt."""
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if not name.endswith(TIMES)}
        if "observation" in kept:
            kept["observation"] = json.loads(kept["observation"])
        if "facts" in kept:
            kept["facts"] = kept["facts"][:-1]  # the last one is how long the command took
        if without_attempts and "attempt" in kept:
            kept["attempt"] = 1
        return {name: _untimed(item, out, without_attempts) for name, item in kept.items()}
    if isinstance(value, list):
        return [_untimed(item, out, without_attempts) for item in value]
    if isinstance(value, str):
        text = value.replace(out, "OUT")
        return text.split("-attempt")[0] if without_attempts else text
    return value


def kill(process: subprocess.Popen[bytes], victims: str, chance: random.Random) -> bool:
    """Kill, and return whether there was somebody to kill."""
    if victims == "driver":
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    try:
        family = psutil.Process(process.pid).children(recursive=True)
        workers = [one for one in family if "RolloutWorker" in " ".join(one.cmdline())]
        chance.choice(workers).kill()
    except (IndexError, psutil.Error):
        return False
    return True


def play_round(run: Run, seconds: float, victims: str, chance: random.Random) -> tuple[int, float]:
    """Start and kill a run until a start comes to its end; return the number of kills and the time of that start."""
    kills = 0
    while True:
        started = time.monotonic()
        process = run.start()
        try:
            process.wait(timeout=chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            kills += kill(process, victims, chance)
            if victims == "workers":
                process.wait()
        if process.returncode != -signal.SIGKILL:
            assert process.returncode in (0, 1), f"exit code {process.returncode}: see the log"
            return kills, time.monotonic() - started


def left_behind(folder: Path) -> list[str]:
    """Processes of runs in this folder, machines among them, that are there a while after their driver's end."""
    deadline = time.monotonic() + GONE_S
    while True:
        found = [one.info["cmdline"] for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"]]
        left = [" ".join(line) for line in found if str(folder) in " ".join(line)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="how many, at least")
    parser.add_argument("--workers", type=int, default=0, help="Ray workers; 0: played in the driver itself")
    parser.add_argument("--victims", choices=("driver", "workers"), default="driver")
    parser.add_argument("--episodes", type=int, default=6, help="of each of two tasks")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="claudebox-kills-") as name:
        folder = Path(name)
        os.environ["CLAUDEBOX_HOME"] = str(folder / "home")
        undisturbed = Run(folder, folder / "undisturbed", arguments.workers, arguments.episodes)
        started = time.monotonic()
        assert undisturbed.start().wait() == 0, (folder / "log").read_text()
        seconds = time.monotonic() - started
        only_valid = arguments.victims == "workers"
        expected = undisturbed.rows(only_valid=only_valid)
        print({table: len(rows) for table, rows in expected.items()}, f"undisturbed in {seconds:.1f} s", flush=True)
        kills = rounds = differing = 0
        while kills < arguments.kills:
            run = Run(folder, folder / f"round-{rounds}", arguments.workers, arguments.episodes)
            killed, took_s = play_round(run, seconds, arguments.victims, chance)
            seconds = seconds if killed else took_s  # on a busy machine it takes now more, now less
            kills, rounds = kills + killed, rounds + 1
            same = run.rows(only_valid=only_valid) == expected
            differing += not same
            print(f"round {rounds}: {kills} kills so far, {'the same' if same else 'DIFFERENT'}", flush=True)
        left = left_behind(folder)
        if differing or left:
            print((folder / "log").read_text()[-5000:])
    print(f"{kills} kills in {rounds} rounds: {differing} datasets differ, {len(left)} processes left {left}")
    return 1 if differing or left else 0


if __name__ == "__main__":
    sys.exit(main())
