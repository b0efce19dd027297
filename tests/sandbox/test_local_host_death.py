"""Nothing outlives the process that started a sandbox, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from claudebox_rl.sandbox import journal, reaper
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.bwrap_options import Layout
from claudebox_rl.sandbox._local.machine import spawn
from claudebox_rl.sandbox._local.uids import first_uid

pytestmark = pytest.mark.usefixtures("local_sandbox")

OWNER = """
import asyncio
from claudebox_rl.sandbox.local import LocalSandbox

async def main():
    sandbox = LocalSandbox()
    await sandbox.start()
    await sandbox.exec(["sh", "-c", "env -i setsid sleep 1234 >/dev/null 2>&1 & sleep 4321 >/dev/null 2>&1 &"])
    stream = await sandbox.open_exec(["sh", "-c", "trap '' TERM INT HUP; echo ready; sleep 3214; true"])
    await anext(aiter(stream))
    print("up", flush=True)
    %s

asyncio.run(main())
"""


@contextmanager
def owner(home: Path, then: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER % then],
        env={
            **os.environ,
            "CLAUDEBOX_HOME": str(home),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "up\n"
            yield process
        finally:
            process.kill()


def inside(machine_pid: int | None) -> list[psutil.Process]:
    """The supervisor and all that runs in its process namespace."""

    def namespace(pid: int | None) -> Path | None:
        try:
            return Path(f"/proc/{pid}/ns/pid").readlink()
        except OSError:
            return None

    own = namespace(machine_pid)
    assert own is not None
    return [process for process in psutil.process_iter() if namespace(process.pid) == own]


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert alive == []


def test_kill_9_leaves_no_process_and_the_next_start_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    with owner(tmp_path, "await asyncio.sleep(60)") as process:
        (entry,) = journal.records()
        processes = inside(entry.machine_pid)
        assert len(processes) >= 4
        assert reaper.reap() == []
        process.kill()
    assert_gone(processes)
    assert Path(entry.state_dir).is_dir()
    assert [dead.name for dead in reaper.reap()] == [entry.sandbox_id]
    assert not Path(entry.state_dir).exists()


def test_a_supervisor_that_hangs_is_reaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    with owner(tmp_path, "await asyncio.sleep(60)") as process:
        (entry,) = journal.records()
        assert entry.machine_pid is not None
        processes = inside(entry.machine_pid)
        psutil.Process(entry.machine_pid).suspend()
        process.kill()
    time.sleep(0.2)
    assert all(process.is_running() for process in processes)
    reaper.reap()
    assert_gone(processes)


@pytest.mark.parametrize("then", ["return", "raise SystemExit", "__import__('os')._exit(0)", "input()"])
def test_an_owner_that_forgets_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    with owner(tmp_path, f"input(); {then}") as process:
        (entry,) = journal.records()
        processes = inside(entry.machine_pid)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        if then == "input()":
            process.terminate()
        process.wait(10)
        assert_gone(processes)


def test_the_thread_that_started_it_may_end() -> None:
    layout = Layout(folders={}, mounts=(), uid=first_uid() if os.geteuid() == 0 else None)
    bwrap, started = find_bwrap(), list[subprocess.Popen[bytes]]()
    info, far_info = os.pipe()
    thread = threading.Thread(
        target=lambda: started.append(spawn(bwrap, layout, ["/usr/bin/sleep", "60"], far_info, ()))
    )
    thread.start()
    thread.join()
    with started[0] as process:
        time.sleep(0.3)
        assert process.poll() is None
        for child in psutil.Process(process.pid).children():
            child.kill()
        process.wait(5)
    os.close(info)
    os.close(far_info)
