"""What a dead process started as its own cluster's is ended; what else it started is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil

OWNER = """
import subprocess, sys
from claudebox_rl.distributed.own_cluster import owned

def start():
    return subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL).pid

with owned(grace_s=0.2):
    marked = start()
print(marked, start(), flush=True)
sys.stdin.read()
"""


def test_what_bears_the_mark_of_a_dead_owner_is_killed_and_nothing_else() -> None:
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        marked, other = map(psutil.Process, map(int, owner.stdout.readline().split()))
        try:
            assert marked.is_running()
            owner.send_signal(signal.SIGKILL)
            owner.wait(10)
            psutil.wait_procs([marked], timeout=20)
            assert not marked.is_running()
            assert other.is_running()
        finally:
            other.kill()
