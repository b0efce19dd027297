"""What chaos does to a rollout: kills, a full disk, a clock that jumps."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from claudebox_rl.sandbox import journal

HERE = Path(__file__).parent
TOKEN = "CLAUDEBOX_CHAOS"
"""A variable of the driver's environment, which everything that it starts on the host inherits."""


def ours(token: str) -> Iterator[psutil.Process]:
    """Yield the processes that a driver with this token has started, and their children."""
    mark = f"{TOKEN}={token}".encode()
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"):
                yield process


class Faults:
    """Harms one driver at a time.

    Args:
        token: Of the driver's environment.
        chance: Draws.
        disk: Mount point of the dataset, a small file system.
        clock: File with the offset that `clock_shim.c` reads.
    """

    def __init__(self, token: str, chance: random.Random, disk: Path, clock: Path) -> None:
        self._token, self._chance, self._disk, self._clock = token, chance, disk, clock
        self.counts: dict[str, int] = {}
        self._faults: list[tuple[Callable[[], bool], int]] = [
            (self.kill_machine, 8),
            (self.kill_worker, 5),
            (self.jump_clock, 3),
            (self.fill_disk, 1),
            (self.kill_driver, 1),
            (self.kill_raylet, 1),
        ]

    def strike(self) -> None:
        """Do one of them, drawn by weight; one that finds nothing to harm is not counted."""
        fault = self._chance.choices([f for f, _ in self._faults], [weight for _, weight in self._faults])[0]
        if fault():
            self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1

    def kill_worker(self) -> bool:
        return self._kill("RolloutWorker")

    def kill_raylet(self) -> bool:
        return self._kill("raylet/raylet")

    def kill_driver(self) -> bool:
        return self._kill("chaos_driver.py")

    def kill_machine(self) -> bool:
        pids = [entry.machine_pid for entry in journal.records() if entry.machine_pid]
        return bool(pids) and _kill(self._chance.choice(pids))

    def fill_disk(self) -> bool:
        filler = self._disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(1 << 16))
        time.sleep(self._chance.uniform(1, 4))
        filler.unlink()
        return True

    def jump_clock(self) -> bool:
        hours = self._chance.choice([-48, -1, 1, 48])
        with self._clock.open("r+b") as file:
            file.write((hours * 3600).to_bytes(8, "little", signed=True))
        return True

    def _kill(self, part: str) -> bool:
        pids: list[int] = []
        for process in ours(self._token):
            with contextlib.suppress(psutil.Error):
                if part in " ".join(process.cmdline()):
                    pids.append(process.pid)
        return bool(pids) and _kill(self._chance.choice(pids))


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def small_disk(mount: Path, size_mib: int) -> Iterator[Path]:
    """Mount a file system of that size; needs root."""
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "claudebox-chaos", mount], check=True)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


def clock_shim(folder: Path) -> Path | None:
    """Compile the shim; None where there is no compiler."""
    if shutil.which("cc") is None:
        return None
    library = folder / "clock_shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock_shim.c"], check=True)
    return library
