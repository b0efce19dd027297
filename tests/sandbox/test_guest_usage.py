"""The account of a whole machine: work is what was not idle, by the clock."""

from __future__ import annotations

import os
import time

from claudebox_rl.sandbox._guest.usage import MachineAccount


def test_work_is_counted_and_never_more_than_there_was() -> None:
    account = MachineAccount()
    before_ms, began_s, enough_s = account.cpu_ms(), time.monotonic(), time.thread_time() + 0.3
    while time.thread_time() < enough_s:
        pass
    used_ms = account.cpu_ms() - before_ms
    passed_ms = (time.monotonic() - began_s) * 1000
    tick_ms = 1000 / os.sysconf("SC_CLK_TCK")
    num_cpus = os.cpu_count() or 1
    assert 250 <= used_ms <= num_cpus * (passed_ms + tick_ms), (used_ms, passed_ms)
