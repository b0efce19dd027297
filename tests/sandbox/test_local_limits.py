"""Limits and metrics of `local`, held and counted by control groups and, where there are none, by the watchdog."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ordinary_user import run_tests

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import SandboxSpec, journal, reaper
from claudebox_rl.sandbox._local.cgroup_places import NO_PLACES, Places, places
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")

MIB = 1 << 20
HOLD = "import sys, time; held = bytearray(b'1') * (int(sys.argv[1]) << 20); time.sleep(float(sys.argv[2]))"
BURN = "import time\nwhile time.process_time() < 1: pass"
SPIN = "import time\nend = time.time() + 2\nwhile time.time() < end: pass"
SHARE = "import os, time; held = bytearray(b'1') * (200 << 20); [os.fork() for _ in range(2)]; time.sleep(0.7)"
FILL = "for i in 1 2 3 4 5 6 7 8; do head -c 60000000 /dev/zero > file$i; sleep 0.25; done; echo all"
FORK = """
import os, time
n = 0
try:
    while n < 500:
        os.fork() or time.sleep(1) or os._exit(0)
        n += 1
except OSError:
    print(n)
"""
TOLD = b"claudebox_rl: the sandbox passed %s; its processes were ended\n"


class Watched(LocalSandbox):
    """The local sandbox of a host without control groups."""

    @classmethod
    def control_groups(cls) -> Places:
        return NO_PLACES


@pytest.fixture(params=["groups", "watchdog"])
def make(request: pytest.FixtureRequest) -> type[LocalSandbox]:
    if request.param == "watchdog":
        return Watched
    if not {"memory", "cpu", "pids"} <= places().of.keys():
        pytest.skip("no control groups for this user here")
    return LocalSandbox


def groups(sandbox_id: str) -> set[Path]:
    return {group for place in places().of.values() for group in place.folder.glob(f"claudebox-{sandbox_id}")}


def test_capabilities_say_who_holds_a_limit(make: type[LocalSandbox]) -> None:
    able = make.capabilities()
    both = {"max_processes", "max_file_bytes"}
    if make is Watched:
        assert (able.hard_limits, able.soft_limits) == (both, {"memory_mib", "disk_mib"})
        with pytest.raises(ConfigError, match=r"cpus=0\.5 .* control group"):
            make(SandboxSpec(cpus=0.5))
    else:
        assert (able.hard_limits, able.soft_limits) == (both | {"memory_mib", "cpus"}, {"disk_mib"})


# Memory


async def test_a_memory_hog_is_ended(make: type[LocalSandbox]) -> None:
    async with make(SandboxSpec(memory_mib=512)) as sandbox:
        result = await sandbox.exec(["sh", "-c", 'python3 -c "$0" 1500 9; exit $?', HOLD])
        assert result.exit_code == 137
        assert result.duration_s < 8  # it would hold it for 9
        assert (TOLD % b"memory_mib=512" in result.stderr) == (make is Watched)
        assert (await sandbox.exec(["echo", "on"])).text == "on\n"
        metrics = await sandbox.metrics()
    assert metrics.num_killed_for_memory >= 1
    assert metrics.memory_peak_bytes is not None
    assert metrics.memory_peak_bytes <= (1500 if make is Watched else 512) * MIB


async def test_hogs_that_each_stay_below_the_limit_are_ended(make: type[LocalSandbox]) -> None:
    async with make(SandboxSpec(memory_mib=512)) as sandbox:
        results = await asyncio.gather(*(sandbox.exec(["python3", "-c", HOLD, "300", "3"]) for _ in range(8)))
        assert sum(result.exit_code == 137 for result in results) >= 7
        assert {result.exit_code for result in results} <= {0, 137}
        assert (await sandbox.exec(["echo", "on"])).text == "on\n"


async def test_the_watchdog_ends_what_earlier_commands_left_too() -> None:
    async with Watched(SandboxSpec(memory_mib=256)) as sandbox:
        await sandbox.exec(["sh", "-c", f'setsid python3 -c "{HOLD}" 150 60 >/dev/null 2>&1 &'])
        result = await sandbox.exec(["python3", "-c", HOLD, "150", "9"])
        assert (result.exit_code, result.stderr) == (137, TOLD % b"memory_mib=256")
        assert (await sandbox.metrics()).num_processes == 0


async def test_the_watchdog_counts_shared_memory_once() -> None:
    async with Watched(SandboxSpec(memory_mib=512)) as sandbox:
        assert (await sandbox.exec(["python3", "-c", SHARE])).exit_code == 0
        assert (await sandbox.metrics()).memory_peak_bytes in range(200 * MIB, 300 * MIB)


async def test_the_watchdog_counts_whole_what_hides_its_pages() -> None:
    hide = f"import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); {HOLD}"
    async with Watched(SandboxSpec(memory_mib=256)) as sandbox:
        assert (await sandbox.exec(["python3", "-c", hide, "400", "9"])).exit_code == 137


async def test_folders_in_memory_fill_up_before_memory_does(make: type[LocalSandbox]) -> None:
    fill = "head -c 600000000 /dev/zero > /tmp/file; echo $?; head -c 600000000 /dev/zero > /dev/shm/file; echo $?"
    async with make(SandboxSpec(memory_mib=512)) as sandbox:
        result = await sandbox.exec(["sh", "-c", fill])
        assert (result.text, result.stderr.count(b"No space left")) == ("1\n1\n", 2)
        assert (await sandbox.exec(["echo", "on"])).text == "on\n"


async def test_commands_end_before_the_supervisor_does(make: type[LocalSandbox]) -> None:
    hog = f"open('/proc/self/oom_score_adj', 'w').write('%s'); {HOLD}"
    own = Path("/proc/self/oom_score_adj").read_text().strip()
    async with make(SandboxSpec(memory_mib=256)) as sandbox:
        both = await sandbox.exec(["sh", "-c", "sleep 0.1; cat /proc/self/oom_score_adj /proc/1/oom_score_adj"])
        assert both.text.split() == ["1000", own]
        # As low as a program can get.
        hogs = (sandbox.exec(["python3", "-c", hog % own, "60", "3"]) for _ in range(8))
        assert {result.exit_code for result in await asyncio.gather(*hogs)} <= {0, 137}
        assert (await sandbox.exec(["echo", "on"])).text == "on\n"


# Disk


async def test_a_disk_hog_is_ended_and_its_files_can_be_removed(make: type[LocalSandbox]) -> None:
    async with make(SandboxSpec(disk_mib=200)) as sandbox:
        result = await sandbox.exec(["sh", "-c", FILL])
        assert (result.exit_code, result.text, result.stderr) == (137, "", TOLD % b"disk_mib=200")
        assert (await sandbox.metrics()).disk_bytes in range(200 * MIB, 460 * MIB)
        # It takes longer than until the next look.
        result = await sandbox.exec(["sh", "-c", "sleep 1.5; rm file*; sleep 1.5; echo removed"])
        assert (result.text, result.stderr) == ("removed\n", b"")
        assert (await sandbox.exec(["sh", "-c", FILL])).exit_code == 137


async def test_what_is_beyond_the_limit_may_not_grow(make: type[LocalSandbox]) -> None:
    async with make(SandboxSpec(disk_mib=50)) as sandbox:
        assert (await sandbox.exec(["sh", "-c", f"{FILL}; sleep 9"])).exit_code == 137
        result = await sandbox.exec(["sh", "-c", "head -c 3M /dev/zero > more; sleep 9"])
        assert (result.exit_code, result.stderr) == (137, TOLD % b"disk_mib=50")


async def test_many_files_hold_nothing_up() -> None:
    make_many = "import os\nfor i in range(20000): os.close(os.open(f'f{i}', os.O_CREAT))"
    async with LocalSandbox(SandboxSpec(disk_mib=1000)) as sandbox:
        await sandbox.exec(["python3", "-c", make_many])
        async with await sandbox.open_exec(["sleep", "60"]):  # meanwhile the watchdog measures too
            measuring, num_commands = asyncio.create_task(sandbox.metrics()), 0
            while not measuring.done():
                await sandbox.exec(["true"])
                num_commands += 1
        assert num_commands > 1  # had they waited for it, the first would have been the last
        assert (await measuring).disk_bytes < 2 * MIB


# Processor time and processes


async def test_processor_time_is_held() -> None:
    if "cpu" not in places().of:
        pytest.skip("no control groups for this user here")
    async with LocalSandbox(SandboxSpec(cpus=0.5)) as sandbox:
        before, started = (await sandbox.metrics()).cpu_s, time.monotonic()
        await asyncio.gather(*(sandbox.exec(["python3", "-c", SPIN]) for _ in range(3)))
        took_s, after = time.monotonic() - started, (await sandbox.metrics()).cpu_s
    assert before is not None
    assert after is not None
    # A busy host gives less.
    assert 0.05 * took_s < after - before < 0.5 * took_s + 0.15


async def test_processes_are_bounded(make: type[LocalSandbox]) -> None:
    async with make(SandboxSpec(max_processes=50)) as sandbox:
        assert int((await sandbox.exec(["python3", "-c", FORK])).text) in range(40, 51)
        assert (await sandbox.exec(["echo", "on"])).text == "on\n"


# Metrics


async def test_metrics_are_true(make: type[LocalSandbox]) -> None:
    source = "sampled" if make is Watched else "cgroup"
    async with make() as sandbox:
        none = await sandbox.metrics()
        assert (none.num_commands, none.num_processes, none.disk_bytes, none.memory_source) == (0, 0, 0, source)
        await sandbox.exec(["python3", "-c", BURN])
        burnt = await sandbox.metrics()
        assert burnt.cpu_s is not None
        assert none.cpu_s is not None
        assert 0.95 <= burnt.cpu_s - none.cpu_s < 2  # counted in ticks of a hundredth
        async with await sandbox.open_exec(["sh", "-c", 'python3 -c "$0" 200 60; true', HOLD]):
            while (held := await sandbox.metrics()).memory_bytes < 200 * MIB:  # noqa: ASYNC110  # until it holds them
                await asyncio.sleep(0.05)
            assert held.num_processes == 2
            assert held.memory_bytes in range(200 * MIB, 240 * MIB)
        await sandbox.exec(["sh", "-c", "head -c 30M /dev/zero > file; ln file other; ln -s / root; mkfifo pipe"])
        end = await sandbox.metrics()
    assert end.memory_bytes in range(30 * MIB)
    assert end.memory_peak_bytes is not None
    assert end.memory_peak_bytes >= 200 * MIB
    assert end.disk_bytes in range(30 * MIB, 31 * MIB)
    assert (end.num_processes, end.num_commands, end.num_killed_for_memory) == (0, 3, 0)


async def test_processor_time_of_ended_daemons_counts() -> None:
    async with Watched() as sandbox:
        before = (await sandbox.metrics()).cpu_s
        await sandbox.exec(["sh", "-c", f'setsid python3 -c "{BURN}" >/dev/null 2>&1 &'])
        for _ in range(200):
            if not (await sandbox.metrics()).num_processes:
                break
            await asyncio.sleep(0.1)
        after = (await sandbox.metrics()).cpu_s
    assert after is not None
    assert before is not None
    assert after - before > 0.95  # the kernel counts in hundredths of a second


# Groups come and go


async def test_groups_are_removed_at_the_end() -> None:
    if not places().of:
        pytest.skip("no control groups for this user here")
    async with LocalSandbox(SandboxSpec(cpus=1)) as sandbox:
        await sandbox.exec(["sh", "-c", "sleep 1000 >/dev/null 2>&1 &"])
        assert len(groups(sandbox.sandbox_id)) == len({place.folder for place in places().of.values()})
        inside = await sandbox.exec(["sh", "-c", "ls /sys; cat /proc/mounts"])
        assert "cgroup" not in inside.text
    assert groups(sandbox.sandbox_id) == set()


OWNER = """
import asyncio
from claudebox_rl.sandbox.local import LocalSandbox

async def main():
    sandbox = LocalSandbox()
    await sandbox.start()
    print(sandbox.sandbox_id, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_groups_of_a_killed_process_are_reaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not places().of:
        pytest.skip("no control groups for this user here")
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    path = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        sandbox_id = owner.stdout.readline().strip()
        owner.kill()
    assert groups(sandbox_id)
    reaper.reap()
    assert journal.records() == []
    assert groups(sandbox_id) == set()


# Users


async def test_there_is_one_user() -> None:
    with pytest.raises(ConfigError, match="user=root"):
        LocalSandbox(SandboxSpec(user="root"))
    async with LocalSandbox(SandboxSpec(user="agent")) as sandbox:
        assert (await sandbox.exec(["id", "-un"], user="agent")).text == "agent\n"
        with pytest.raises(ConfigError, match="user=nobody"):
            await sandbox.exec(["id"], user="nobody")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="is an ordinary user already")
def test_all_of_it_holds_for_an_ordinary_user() -> None:
    run_tests(__file__)
