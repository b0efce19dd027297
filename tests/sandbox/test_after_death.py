"""What a killed owner leaves is removed without anybody's doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from claudebox_rl.sandbox import journal

OWNER = """
import asyncio, sys
from claudebox_rl.sandbox.after_death import reap_after_death
from claudebox_rl.sandbox.local import LocalSandbox

async def main():
    reap_after_death()
    reap_after_death()
    async with LocalSandbox() as sandbox:
        print(sandbox.sandbox_id, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


def owner() -> subprocess.Popen[str]:
    path = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-c", OWNER],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def waiting() -> list[psutil.Process]:
    """Shells that wait for the death of an owner of this home."""
    home = str(journal.machines_dir())
    return [process for process in psutil.process_iter(["cmdline"]) if home in (process.info["cmdline"] or ())]


def in_time(holds: Callable[[], bool]) -> bool:
    """Whether something that others do comes about; the loop only looks."""
    for _ in range(600):
        if holds():
            return True
        psutil.wait_procs(waiting(), timeout=0.05)
    return False


def left() -> list[str]:
    return [path.name for path in journal.machines_dir().iterdir() if not path.name.startswith(".")]


def test_a_killed_owner_leaves_nothing(local_sandbox: str) -> None:
    with owner() as process:
        assert process.stdout is not None
        machine = process.stdout.readline().strip()
        assert machine in left()
        (shell,) = waiting()
        assert shell.ppid() != process.pid
        assert os.getsid(shell.pid) != os.getsid(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        assert in_time(lambda: not left())
    assert in_time(lambda: not waiting())


def test_an_owner_that_stops_its_machines_needs_nobody(local_sandbox: str) -> None:
    with owner() as process:
        assert process.stdout is not None
        process.stdout.readline()
        (shell,) = waiting()
        process.communicate("")
    assert process.returncode == 0
    assert in_time(lambda: not shell.is_running() or shell.status() == psutil.STATUS_ZOMBIE)
    assert left() == []


def test_what_others_own_is_left_alone(local_sandbox: str) -> None:
    with owner() as first, owner() as second:
        machines = []
        for process in (first, second):
            assert process.stdout is not None
            machines.append(process.stdout.readline().strip())
        os.kill(first.pid, signal.SIGKILL)
        assert in_time(lambda: machines[0] not in left())
        assert machines[1] in left()
        second.kill()
        assert in_time(lambda: not left())
