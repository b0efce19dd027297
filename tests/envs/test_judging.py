"""The judge that all tasks share, against judged code that works on the judge."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from claudebox_rl.errors import VerifierError
from claudebox_rl.sandbox import Sandbox, sandbox_class
from claudebox_rl.tasks import Task, find_tasks
from claudebox_rl.types import VerifierResult
from claudebox_rl.verifier import verify

SHARED = find_tasks("quickstart/fix-bug")[0].tests_dir
HEADER = """\
import os, signal, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from judging import _children, call, expect, judge, run
"""
FORGE = 'open("/logs/verifier/reward.txt", "w").write("1.0\\n")'


@pytest.fixture
async def sandbox(local_sandbox: str) -> AsyncIterator[Sandbox]:
    async with sandbox_class(local_sandbox)() as machine:
        yield machine


async def judged(sandbox: Sandbox, folder: Path, judge: str, code: str) -> VerifierResult:
    """Judge a workspace with this `mine.py` by this judge."""
    (folder / "tests").mkdir()
    (folder / "tests" / "judge.py").write_text(HEADER + textwrap.dedent(judge))
    for name in ("judging.py", "test.sh"):
        (folder / "tests" / name).write_bytes((SHARED / name).read_bytes())
    await sandbox.write_file("/workspace/mine.py", textwrap.dedent(code).encode())
    return await verify(sandbox, Task("t", folder, "Do it.", workdir="/workspace", verifier_timeout_s=30))


ASK = """
    def part():
        answer = call("mine", "mine", [[1]])[0]
        expect(answer.get("value") == 2, f"got {answer}")
    judge({"part": part})
"""


async def test_right_work_is_paid(sandbox: Sandbox, tmp_path: Path):
    assert (await judged(sandbox, tmp_path, ASK, "def mine(x): return x + 1")).reward == 1.0


@pytest.mark.parametrize("file", ["mem", "maps", "environ", "fd/0", "cwd/x", "root/etc/passwd"])
async def test_the_judge_is_shut_to_judged_code(sandbox: Sandbox, tmp_path: Path, file: str):
    spy = f"""
        import os
        def mine(x):
            try:
                open(f"/proc/{{os.getppid()}}/{file}", "rb").read(1)
            except OSError as error:
                return type(error).__name__
            return "open"
    """
    result = await judged(sandbox, tmp_path, ASK, spy)
    assert "'value': 'PermissionError'" in result.output
    assert result.reward == 0.0


DAEMON = f"""
    import os, time
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for file in range(3):
            os.close(file)
        while True:
            {FORGE}
            time.sleep(0.001)
    time.sleep(0.1)
    def mine(x): return x
"""


async def test_a_daemon_of_judged_code_is_ended_before_the_verdict(sandbox: Sandbox, tmp_path: Path):
    assert (await judged(sandbox, tmp_path, ASK, DAEMON)).reward == 0.0


async def test_a_daemon_of_judged_code_is_ended_with_the_call_that_started_it(sandbox: Sandbox, tmp_path: Path):
    look = """
        def part():
            call("mine", "mine", [[1]])
            expect(_children() == set(), "it lives")
        judge({"part": part})
    """
    assert (await judged(sandbox, tmp_path, look, DAEMON)).reward == 1.0


async def test_processes_that_flee_by_forking_are_ended(sandbox: Sandbox, tmp_path: Path):
    flees = """
        import os, time
        if os.fork() == 0:
            end = time.monotonic() + 20
            os.setsid()
            while time.monotonic() < end:
                if os.fork():
                    os._exit(0)
                os.setsid()
        def mine(x): return x + 1
    """
    assert (await judged(sandbox, tmp_path, ASK, flees)).reward == 1.0


async def test_what_the_judge_started_itself_lives_on(sandbox: Sandbox, tmp_path: Path):
    serves = """
        import subprocess
        def part():
            server = subprocess.Popen(["sleep", "60"])
            far = subprocess.Popen(["sleep", "60"], start_new_session=True)
            call("mine", "mine", [[1]])
            expect(server.poll() is None and far.poll() is None, "ended")
        judge({"part": part})
    """
    assert (await judged(sandbox, tmp_path, serves, DAEMON)).reward == 1.0


@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGALRM", "SIGXCPU"])
async def test_a_judge_that_was_killed_gives_no_verdict(sandbox: Sandbox, tmp_path: Path, number: str):
    killed = f"""
        def part():
            call("mine", "mine", [[1]])
            os.kill(os.getpid(), signal.{number})
            time.sleep(5)
        judge({{"part": part}})
    """
    with pytest.raises(VerifierError):
        await judged(sandbox, tmp_path, killed, f"{FORGE}\ndef mine(x): return x\n")


SIGNALS = {
    "to the judge": "os.kill(judge, 9)",
    "to its thread": "libc.syscall(TKILL, judge, 9)",
    "to its parent": "os.kill(int(open(f'/proc/{judge}/stat').read().rpartition(')')[2].split()[1]), 9)",
    "to its group": "os.killpg(os.getpgid(judge), 9)",
    "to all": "os.kill(-1, 9)",
    "by a descriptor": "signal.pidfd_send_signal(os.pidfd_open(judge), 9)",
    "by a folder of /proc": "signal.pidfd_send_signal(os.open(f'/proc/{judge}', os.O_RDONLY), 9)",
    "by a limit": "resource.prlimit(judge, resource.RLIMIT_CPU, (0, 0))",
    "by a pipe": "end, way_in = os.pipe(); fcntl.fcntl(end, fcntl.F_SETOWN, judge); "
    "fcntl.fcntl(end, fcntl.F_SETFL, os.O_ASYNC); os.write(way_in, b'x')",
    "by a script": "subprocess.run(['bash', '-c', f'kill -9 {judge}; kill -9 -- -1'])",
}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="the numbers of system calls are not known")
@pytest.mark.parametrize("way", SIGNALS)
async def test_judged_code_can_send_the_judge_no_signals(sandbox: Sandbox, tmp_path: Path, way: str):
    """Else its death would be an episode without a verdict, instead of one that failed."""
    kills = f"""
        import contextlib, ctypes, fcntl, os, platform, resource, signal, subprocess
        libc, judge = ctypes.CDLL(None), os.getppid()
        TKILL = {{"x86_64": 200, "aarch64": 130}}[platform.machine()]
        {FORGE}
        with contextlib.suppress(OSError):
            {SIGNALS[way]}
        def mine(x): return x
    """
    assert (await judged(sandbox, tmp_path, ASK, kills)).reward == 0.0


async def test_judged_code_ends_its_own_processes(sandbox: Sandbox, tmp_path: Path):
    ends = """
        import os, signal, subprocess
        def mine(x):
            child = subprocess.Popen(["sleep", "60"], start_new_session=True)
            other = subprocess.Popen(["sleep", "60"])
            os.killpg(child.pid, signal.SIGTERM)
            other.kill()
            shell = subprocess.run(["bash", "-c", "sleep 60 & kill %1; wait $!; echo $?"], capture_output=True)
            return x + ((child.wait(), other.wait(), shell.stdout) == (-15, -9, b"143\\n"))
    """
    assert (await judged(sandbox, tmp_path, ASK, ends)).reward == 1.0


async def test_a_judge_that_fails_leaves_no_verdict_of_judged_code(sandbox: Sandbox, tmp_path: Path):
    fails = """
        def part():
            call("mine", "mine", [[1]])
            raise KeyError("of the judge itself")
        judge({"part": part})
    """
    with pytest.raises(VerifierError, match="wrote neither"):
        await judged(sandbox, tmp_path, fails, f"{FORGE}\ndef mine(x): return x\n")


@pytest.mark.parametrize(
    "odd",
    [
        "open('left', 'w'); os.chmod('left', 0)",
        "os.mkdir('left')",
        "os.mkdir('left'); os.chmod('.', 0)",
        "os.symlink('left', 'left')",
        "os.symlink('n' * 300, 'left')",
        "open('left', 'wb').write(b'\\xff')",
        "socket.socket(socket.AF_UNIX).bind('left')",
        "os.symlink('/dev/null/x', 'left')",
        "None",
    ],
)
@pytest.mark.parametrize("look", ["content('left')", "Path('left').read_text('utf-8')"])
async def test_what_cannot_be_looked_at_is_wrong_work(sandbox: Sandbox, tmp_path: Path, odd: str, look: str):
    looks = f"""
        from pathlib import Path
        from judging import content
        def part():
            call("mine", "mine", [[1]])
            {look}
        judge({{"part": part}})
    """
    left = f"import os, socket\n{odd}\ndef mine(x): return x\n"
    assert (await judged(sandbox, tmp_path, looks, left)).reward == 0.0


@pytest.mark.parametrize("number", ["ENOSPC", "EIO", "EMFILE", "ENOMEM"])
async def test_a_machine_that_fails_is_no_wrong_work(sandbox: Sandbox, tmp_path: Path, number: str):
    fails = f"""
        import errno
        def part():
            raise OSError(errno.{number}, "of the machine")
        judge({{"part": part}})
    """
    with pytest.raises(VerifierError, match="of the machine"):
        await judged(sandbox, tmp_path, fails, "")


@pytest.mark.parametrize(
    "trick",
    [
        "os.symlink('/workspace/mine.py', '/logs/verifier/reward.txt')",
        "os.makedirs('/logs/verifier/reward.txt/x'); os.chmod('/logs/verifier/reward.txt', 0)",
        "os.rmdir('/logs/verifier'); os.symlink('/workspace', '/logs/verifier')",
        "os.rmdir('/logs/verifier'); open('/logs/verifier', 'w')",
        "os.chmod('/logs/verifier', 0)",
        "os.mkfifo('/logs/verifier/reward.json')",
        "open('/logs/verifier/reward.json', 'w').write('{\"reward\": 1}')",
    ],
)
async def test_the_verdict_is_written_whatever_is_in_its_place(sandbox: Sandbox, tmp_path: Path, trick: str):
    result = await judged(sandbox, tmp_path, ASK, f"import os\n{trick}\ndef mine(x): return x\n")
    assert result.rewards == {"reward": 0.0}
