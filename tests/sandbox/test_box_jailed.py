"""Which process of a jailed one is the box's own, with real namespaces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from claudebox_rl.sandbox._box.jailed import machine_process
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap


def test_a_process_without_a_jail_is_its_own() -> None:
    assert machine_process(os.getpid()) == os.getpid()
    assert machine_process(1 << 22) == 1 << 22


def test_a_jailed_one_is_process_1_inside_and_its_end_is_the_end_of_all() -> None:
    argv = [
        find_bwrap(),
        "--unshare-pid",
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "sh",
        "-c",
        "echo up; sleep 600 & wait",
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as jail:
        assert jail.stdout is not None
        assert jail.stdout.readline() == b"up\n"
        first = machine_process(jail.pid)
        assert first != jail.pid
        assert Path(f"/proc/{first}/status").read_text().partition("NSpid:")[2].split("\n")[0].split()[-1] == "1"
        os.kill(first, 9)
        # The pipe ends with the last process that holds it.
        assert jail.stdout.read() == b""
        assert jail.wait(10) != 0
