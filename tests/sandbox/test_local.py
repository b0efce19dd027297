"""What `local` does beyond the contract that `test_conformance.py` checks on every backend."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from claudebox_rl.errors import ConfigError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import Mount, Sandbox, SandboxSpec, journal
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")


@pytest.fixture
async def box() -> AsyncIterator[LocalSandbox]:
    async with LocalSandbox() as sandbox:
        yield sandbox


def machine_pid(sandbox: Sandbox) -> int:
    (pid,) = [entry.machine_pid for entry in journal.records() if entry.sandbox_id == sandbox.sandbox_id]
    assert pid is not None
    return pid


async def num_running(sandbox: Sandbox, program: str) -> int:
    listed = (await sandbox.exec(["ps", "-eo", "args"])).text
    return sum(program in line for line in listed.splitlines())


# The end of commands


async def test_a_time_out_ends_daemons_without_a_trace_of_their_command(box: LocalSandbox) -> None:
    script = "env -i setsid sh -c 'env -i setsid sleep 1001 & env -i sleep 1002' >/dev/null 2>&1 & sleep 0.1; sleep 9"
    started = time.monotonic()
    result = await box.exec(["sh", "-c", f"echo before; {script}"], timeout_s=0.4)
    assert (result.timed_out, result.exit_code, result.text) == (True, 137, "before\n")
    assert time.monotonic() - started < 8
    assert await num_running(box, "sleep 100") == 0


async def test_a_time_out_spares_what_is_not_its_own(box: LocalSandbox) -> None:
    await box.exec(["sh", "-c", "sleep 1001 >/dev/null 2>&1 & setsid sleep 1002 >/dev/null 2>&1 &"])
    async with await box.open_exec(["sh", "-c", "sleep 1003; true"]) as neighbour:
        long = asyncio.create_task(box.exec(["sh", "-c", "sleep 1004; true"], timeout_s=0.6))
        await asyncio.sleep(0.1)
        await box.exec(["sh", "-c", "sleep 1005 >/dev/null 2>&1 &"])
        assert (await long).timed_out
        left = [number for number in range(1001, 1006) if await num_running(box, f"sleep {number}")]
        assert left == [1001, 1002, 1003, 1005]
        await neighbour.kill()
    assert await num_running(box, "sleep 1003") == 0
    assert await num_running(box, "sleep 1001") == 1


async def test_a_fork_bomb_is_ended_in_time(box: LocalSandbox) -> None:
    bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    started = time.monotonic()
    async with LocalSandbox(SandboxSpec(max_processes=60)) as small:
        assert (await small.exec(["python3", "-c", bomb], timeout_s=0.5)).timed_out
        assert time.monotonic() - started < 30
        assert (await small.exec(["echo", "fine"])).text == "fine\n"


HOPPER = """
import os, time
if os.fork():
    time.sleep(60)
while True:
    if os.fork():
        os._exit(0)
    os.setsid()
"""


async def test_a_daemon_that_never_stays_the_same_process_is_ended(box: LocalSandbox) -> None:
    async with await box.open_exec(["cat"]) as neighbour:
        result = await box.exec(["python3", "-c", HOPPER], timeout_s=0.3)
        assert result.timed_out
        await asyncio.sleep(0.3)
        assert await num_running(box, "python3 -c") == 0
        await neighbour.write_stdin(b"alive")
        async for chunk in neighbour:
            assert chunk.data == b"alive"
            break


async def test_a_child_that_keeps_the_output_does_not_keep_the_command(box: LocalSandbox) -> None:
    script = "(while sleep 0.05; do echo tick; done) & echo main"
    result = await box.exec(["sh", "-c", script], timeout_s=10)
    assert result.duration_s < 8
    assert result.text.startswith("main\n")
    await asyncio.sleep(0.4)
    # It goes on to write: its pipe was not closed under it.
    assert await num_running(box, "while sleep") >= 1  # with a `sleep` that has not become one yet, two


# Output and input


async def test_a_slow_consumer_holds_the_command_back(box: LocalSandbox) -> None:
    writer = "import sys\nfor n in range(400):\n  sys.stdout.write('x' * 65536); sys.stderr.write(f'{n} ')"
    async with await box.open_exec(["python3", "-uc", writer]) as stream:
        chunks = aiter(stream)
        await anext(chunks)
        await asyncio.sleep(0.3)
        assert await num_running(box, "range(400)") == 1
        total = sum([len(chunk.data) async for chunk in chunks if chunk.stream == "stdout"])
        assert (await stream.wait()).exit_code == 0
    assert 399 * 65536 <= total <= 400 * 65536


async def test_output_that_nobody_wants_is_dropped(box: LocalSandbox) -> None:
    async with await box.open_exec(["head", "-c", "50000000", "/dev/zero"]) as stream:
        assert (await asyncio.wait_for(stream.wait(), 10)).exit_code == 0
    async with await box.open_exec(["head", "-c", "50000000", "/dev/zero"]) as stream:
        async for _ in stream:
            break
        assert (await asyncio.wait_for(stream.wait(), 10)).exit_code == 0


async def test_a_little_output_can_be_read_after_the_end(box: LocalSandbox) -> None:
    async with await box.open_exec(["echo", "late"]) as stream:
        await stream.wait()
        assert [chunk.data async for chunk in stream] == [b"late\n"]


async def test_input_waits_for_the_command(box: LocalSandbox) -> None:
    async with await box.open_exec(["sh", "-c", "sleep 0.3; exec wc -c"]) as stream:
        started = time.monotonic()
        await stream.write_stdin(b"x" * 500_000)
        assert time.monotonic() - started > 0.25
        await stream.close_stdin()
        assert [chunk.data async for chunk in stream] == [b"500000\n"]


async def test_input_that_the_command_closes(box: LocalSandbox) -> None:
    async with await box.open_exec(["sh", "-c", "exec <&-; echo closed; sleep 5"]) as stream:
        async for _ in stream:
            break
        with pytest.raises(BrokenPipeError):
            await stream.write_stdin(b"x")
        await stream.close_stdin()


async def test_a_cancelled_write_leaves_the_stream_in_order(box: LocalSandbox) -> None:
    async with await box.open_exec(["sh", "-c", "sleep 0.4; exec wc -c"]) as stream:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.write_stdin(b"x" * 300_000), 0.1)
        await stream.write_stdin(b"y")
        await stream.close_stdin()
        (count,) = [int(chunk.data) async for chunk in stream]
    assert 65536 <= count <= 65536 * 3 + 1


@pytest.mark.parametrize(
    "broken",
    [
        {"argv": []},
        {"argv": [""]},
        {"argv": ["a\0"]},
        {"cwd": "a"},
        {"timeout_s": 0},
        {"env": {"A=B": ""}},
        {"env": {"": ""}},
    ],
    ids=str,
)
async def test_bad_requests_are_refused(box: LocalSandbox, broken: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        await box.open_exec(**{"argv": ["true"], **broken})  # pyright: ignore


async def test_arguments_beyond_the_kernels_limit_are_a_result(box: LocalSandbox) -> None:
    assert (await box.exec(["true", "x" * (1 << 22)])).exit_code == 126


# Files


async def test_special_files_are_not_read(box: LocalSandbox) -> None:
    await box.exec(["sh", "-c", "mkfifo pipe; ln -s /dev/zero zero; ln -s loop loop"])
    for name in ("pipe", "zero", "loop", "."):
        with pytest.raises(SandboxError):
            await box.read_file(f"/workspace/{name}")


async def test_a_file_of_proc_is_read_to_its_end(box: LocalSandbox) -> None:
    assert b"NoNewPrivs" in await box.read_file("/proc/self/status")


async def test_a_link_is_replaced_not_followed(box: LocalSandbox) -> None:
    await box.exec(["ln", "-s", "/tmp/target", "link"])
    await box.write_file("/workspace/link", b"new")
    assert (await box.exec(["stat", "-c", "%F", "link"])).text == "regular file\n"
    with pytest.raises(FileNotFoundError):
        await box.read_file("/tmp/target")


async def test_nothing_partial_is_left(box: LocalSandbox) -> None:
    async with LocalSandbox(SandboxSpec(max_file_bytes=1 << 20)) as small:
        with pytest.raises(SandboxError, match="large"):
            await small.write_file("/workspace/big", b"x" * (2 << 20))
        assert (await small.exec(["ls", "-A"])).text == ""


@pytest.mark.parametrize("path", ["a", "", "/a\0b"])
async def test_paths_are_absolute(box: LocalSandbox, path: str) -> None:
    with pytest.raises(ConfigError):
        await box.read_file(path)
    with pytest.raises(ConfigError):
        await box.write_file(path, b"")


# Life


async def test_a_dead_machine_is_unavailable(box: LocalSandbox) -> None:
    running = asyncio.create_task(box.exec(["sleep", "60"]))
    await asyncio.sleep(0.05)
    os.kill(machine_pid(box), signal.SIGKILL)
    with pytest.raises(SandboxUnavailableError):
        await asyncio.wait_for(running, 5)
    for attempt in (box.exec(["true"]), box.read_file("/etc/hosts"), box.expose_host_port(80)):
        with pytest.raises(SandboxUnavailableError):
            await attempt
    await box.stop()


async def test_a_machine_that_hangs_is_given_up(box: LocalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claudebox_rl.sandbox._supervised.command._GRACE_S", 0.2)
    pid = machine_pid(box)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SandboxUnavailableError):
        await asyncio.wait_for(box.exec(["sleep", "60"], timeout_s=0.1), 5)
    await box.stop()
    assert journal.process_start(pid) is None


async def test_nothing_is_left_after_stop(tmp_path: Path) -> None:
    sandbox = LocalSandbox(SandboxSpec(workspace=tmp_path))
    before = len(list(Path("/proc/self/fd").iterdir()))
    async with sandbox:
        state = journal.machines_dir() / sandbox.sandbox_id
        assert state.is_dir()
        await sandbox.exec(["sh", "-c", "mkdir -p ~/a /logs/b; chmod 0 ~/a /logs/b; echo kept > file"])
    assert not state.exists()
    assert sandbox.sandbox_id not in {entry.sandbox_id for entry in journal.records()}
    assert (tmp_path / "file").read_text() == "kept\n"
    assert (tmp_path / "file").stat().st_uid == os.geteuid()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_a_cancelled_start_leaves_nothing() -> None:
    for delay_s in (0.005, 0.02, 0.03):
        sandbox = LocalSandbox()
        starting = asyncio.create_task(sandbox.start())
        await asyncio.sleep(delay_s)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await sandbox.stop()
        assert sandbox.sandbox_id not in {entry.sandbox_id for entry in journal.records()}
        assert not (journal.machines_dir() / sandbox.sandbox_id).exists()


async def test_a_start_that_takes_too_long() -> None:
    sandbox = LocalSandbox(SandboxSpec(start_timeout_s=0.001))
    with pytest.raises(SandboxStartError, match=r"in 0\.001 s"):
        await sandbox.start()
    assert journal.records() == []


async def test_twenty_at_once() -> None:
    sandboxes = [LocalSandbox() for _ in range(20)]
    try:
        await asyncio.gather(*(sandbox.start() for sandbox in sandboxes))
        results = await asyncio.gather(*(sandbox.exec(["sh", "-c", "id -u; ps -e | wc -l"]) for sandbox in sandboxes))
        uids = {result.text.split()[0] for result in results}
        assert len(uids) == (20 if os.geteuid() == 0 else 1)
        assert {result.text.split()[1] for result in results} <= {"4", "5"}
    finally:
        await asyncio.gather(*(sandbox.stop() for sandbox in sandboxes))
    assert journal.records() == []


# Specs


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (SandboxSpec(image="debian"), "image"),
        (SandboxSpec(cpus=-1), "cpus"),
        (SandboxSpec(memory_mib=0), "memory_mib"),
        (SandboxSpec(allowed_hosts=("a",)), "allowed_hosts"),
        (SandboxSpec(max_processes=1), "max_processes"),
        (SandboxSpec(max_file_bytes=0), "max_file_bytes"),
        (SandboxSpec(env={"A=": "x"}), "A="),
        (SandboxSpec(workspace=Path("/etc/hosts")), "not a folder"),
        (SandboxSpec(workspace=Path("/")), "folder of its own"),
        (SandboxSpec(workspace=Path.home()), "folder of its own"),
    ],
)
def test_specs_that_can_not_be_enforced(spec: SandboxSpec, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        LocalSandbox(spec)


@pytest.mark.parametrize(
    "target",
    [
        "/workspace",
        "/workspace/a",
        "/home/agent/a",
        "/tmp/a",
        "/usr/share/a",
        "/proc",
        "/dev/shm",
        "/",
        "/bin/a",
        "/a/../usr",
        "a",
        "/run",
    ],
)
def test_mount_targets_that_can_not_be_had(tmp_path: Path, target: str) -> None:
    with pytest.raises(ConfigError, match="mounts"):
        LocalSandbox(SandboxSpec(mounts=(Mount(tmp_path, target),)))


def test_mounts_inside_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="overlaps"):
        LocalSandbox(SandboxSpec(mounts=(Mount(tmp_path, "/opt/a"), Mount(tmp_path, "/opt/a/b"))))


async def test_mounts_can_be_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").write_text("mounted")
    async with LocalSandbox(SandboxSpec(mounts=(Mount(folder, "/opt/some/data"),))) as sandbox:
        assert await sandbox.read_file("/opt/some/data/file") == b"mounted"
        assert (await sandbox.exec(["touch", "/opt/some/data/new"])).exit_code != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
async def test_a_workspace_goes_to_the_sandbox_and_comes_back(tmp_path: Path) -> None:
    workspace, outside = tmp_path / "workspace", tmp_path / "outside"
    workspace.mkdir()
    outside.write_text("not to be given away")
    (workspace / "closed").write_text("x")
    (workspace / "closed").chmod(0o600)
    (workspace / "link").symlink_to(outside)
    os.link(outside, workspace / "second-name")
    os.chown(workspace, 4321, 4321)
    async with LocalSandbox(SandboxSpec(workspace=workspace)) as sandbox:
        result = await sandbox.exec(
            ["sh", "-c", "cat closed && echo more >> closed && cp /bin/true suid && chmod 4755 suid"]
        )
        assert result.exit_code == 0, result.stderr
        assert outside.stat().st_uid == 0
    assert {path.lstat().st_uid for path in (workspace, workspace / "closed", workspace / "suid")} == {4321}
    assert outside.stat().st_uid == 0
    assert (workspace / "suid").stat().st_mode & 0o7000 == 0
