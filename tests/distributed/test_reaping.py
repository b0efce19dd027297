"""Nothing is left of killed workers, and what others left is removed on every node."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest
import ray

from claudebox_rl.cli.main import main
from claudebox_rl.distributed.nodes import living_nodes
from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox.after_death import reap_after_death

DEAD = 2**22 + 1
"""No process has this number: it is above the largest one."""


def start_owner() -> Any:
    """Start an actor that is as a worker: it has what it leaves behind removed."""

    class Owner:
        def __init__(self) -> None:
            reap_after_death()

        def begin(self) -> tuple[int, str]:
            machine = f"local-{os.getpid()}"
            (journal.machines_dir() / machine).mkdir()
            journal.record(machine, "local", journal.machines_dir() / machine)
            return os.getpid(), machine

    return ray.remote(num_cpus=0)(Owner).remote()


def in_time(holds: Callable[[], bool]) -> bool:
    """Whether something that others do comes about; the loop only looks."""
    for _ in range(600):
        if holds():
            return True
        psutil.wait_procs(psutil.Process().children(), timeout=0.05)
    return False


@pytest.mark.parametrize("end", ["kill -9", "ray.kill", "out of scope"])
def test_a_worker_that_ends_in_any_way_leaves_nothing(end: str) -> None:
    actor = start_owner()
    pid, machine = ray.get(actor.begin.remote())
    folder = journal.machines_dir() / machine
    assert folder.is_dir()
    if end == "kill -9":
        os.kill(pid, signal.SIGKILL)
    elif end == "ray.kill":
        ray.kill(actor)
    del actor
    assert in_time(lambda: not folder.exists())
    assert machine not in [entry.sandbox_id for entry in journal.records()]


def test_what_others_left_is_removed_on_each_node(capsys: pytest.CaptureFixture[str]) -> None:
    journal._put(replace(journal.record("local-left", "local"), owner_pid=DEAD))
    address = living_nodes()[0].address
    assert main(["machines", "reap", "--nodes", "--dry-run"]) == 0
    assert f"{address}: would remove local-left" in capsys.readouterr().out
    assert main(["machines", "reap", "--nodes"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{address}: removed local-left (local, of process {DEAD}, which is gone)",
        f"{address}: 1 removed",
    ]
    assert "local-left" not in [entry.sandbox_id for entry in journal.records()]
