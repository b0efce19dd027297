"""What `unsafe` does beyond the contract: its folder, its warning, its refusals. The contract: test_conformance."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from claudebox_rl.errors import ConfigError, SandboxError, SandboxStartError
from claudebox_rl.sandbox import Mount, SandboxSpec
from claudebox_rl.sandbox._unsafe import process_tree
from claudebox_rl.sandbox._unsafe.failed_start import failed_start
from claudebox_rl.sandbox.unsafe import UnsafeSandbox


def unsafe(**fields: Any) -> UnsafeSandbox:
    return UnsafeSandbox(SandboxSpec(network="full", **fields))


async def test_it_says_once_that_nothing_is_isolated(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="claudebox_rl"):
        async with unsafe() as sandbox:
            await sandbox.exec(["true"])
            await sandbox.exec(["true"])

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "without any isolation" in record.message


@pytest.mark.parametrize(
    "fields",
    [
        {"network": "none"},
        {"image": "debian:12"},
        {"cpus": 1.0},
        {"memory_mib": 512},
        {"max_processes": 10},
        {"max_file_bytes": 1000},
        {"workspace": Path("/no/such/folder")},
        {"mounts": (Mount(Path("/no/such/folder"), "/opt/data"),)},
        {"mounts": (Mount(Path("/usr"), "/workspace/usr"),)},
        {"mounts": (Mount(Path("/usr"), "/logs"),)},
        {"mounts": (Mount(Path("/usr"), "usr"),)},
    ],
    ids=str,
)
def test_what_it_can_not_keep_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"network|image|cpus|memory|max_|folder|mount"):
        UnsafeSandbox(SandboxSpec(**{"network": "full", **fields}))


def test_network_none_is_refused_by_default() -> None:
    with pytest.raises(ConfigError, match="give network=full"):
        UnsafeSandbox()


async def test_environment_is_small_and_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/claudebox/tools")
    async with unsafe(env={"LANG": "C"}) as sandbox:
        result = await sandbox.exec(["env"])
        lines = dict(line.split("=", 1) for line in result.text.splitlines())

        assert lines == {
            "PATH": os.environ["PATH"],
            "HOME": f"{sandbox.root}/home/sandbox",
            "TMPDIR": f"{sandbox.root}/tmp",
            "LANG": "C",
            "CLAUDEBOX_ROOT": sandbox.root,
            "CLAUDEBOX_SANDBOX_ID": sandbox.sandbox_id,
            "CLAUDEBOX_EXEC_ID": lines["CLAUDEBOX_EXEC_ID"],
        }


async def test_folder_is_deleted_whatever_was_done_to_it() -> None:
    async with unsafe() as sandbox:
        root = Path(sandbox.root)
        await sandbox.exec(["sh", "-c", "mkdir -p shut/inner && echo x > shut/inner/file && chmod 000 shut/inner shut"])
        assert (root / "workspace" / "shut").exists()

    assert not root.exists()


async def test_deleting_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"x")
    tmp_path.chmod(0o755)
    async with unsafe() as sandbox:
        await sandbox.exec(["ln", "-s", str(tmp_path), "link"])

    assert (tmp_path / "kept").read_bytes() == b"x"
    assert tmp_path.stat().st_mode & 0o777 == 0o755


async def test_workspace_is_a_link_to_the_given_folder(tmp_path: Path) -> None:
    async with unsafe(workspace=tmp_path) as sandbox:
        assert (Path(sandbox.root) / "workspace").resolve() == tmp_path
        await sandbox.exec(["sh", "-c", "echo x > made"])

    assert (tmp_path / "made").read_bytes() == b"x\n"


async def test_it_starts_once() -> None:
    async with unsafe() as sandbox:
        with pytest.raises(SandboxStartError, match="make a new sandbox"):
            await sandbox.start()
        assert (await sandbox.exec(["true"])).exit_code == 0


async def test_missing_folder_is_a_result() -> None:
    async with unsafe() as sandbox:
        result = await sandbox.exec(["true"], cwd="/workspace/none")

    assert result.exit_code == 126
    assert b"/workspace/none: No such file or directory" in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of another process")
async def test_daemons_end_with_the_sandbox() -> None:
    async with unsafe() as sandbox:
        script = "(setsid sleep 61 >/dev/null 2>&1 & echo $!); sleep 61 >/dev/null 2>&1 & echo $!"
        result = await sandbox.exec(["sh", "-c", script])
        daemon, child = (psutil.Process(int(pid)) for pid in result.text.split())
        assert daemon.is_running()
        assert child.is_running()

    # Whoever adopts them reaps them; until then a zombie has ended too.
    assert not [p.pid for p in (daemon, child) if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


async def test_other_processes_of_the_host_are_spared() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "30")
    try:
        async with unsafe() as sandbox:
            await sandbox.exec(["sleep", "30"], timeout_s=0.1)
        assert process.returncode is None
    finally:
        process.kill()
        await process.wait()


def test_folder_of_the_path_that_can_not_be_searched_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x")
    denied = OSError(errno.EACCES, "Permission denied")

    codes = {name: failed_start(name, "/", str(tmp_path), denied)._status.exit_code for name in ("plain", "none")}

    assert codes == {"plain": 126, "none": 127}


async def test_path_that_holds_no_program_is_126() -> None:
    async with unsafe() as sandbox:
        result = await sandbox.exec([f"{sandbox.root}/workspace"])

    assert (result.exit_code, result.stdout) == (126, b"")


def test_fault_of_the_host_is_no_result_of_the_command() -> None:
    with pytest.raises(SandboxError, match="this host can't start true: Too many open files"):
        failed_start("true", "/", "/bin", OSError(errno.EMFILE, "Too many open files"))


async def test_many_short_commands_leave_no_descriptor() -> None:
    async with unsafe() as sandbox:
        await sandbox.exec(["true"])
        before = psutil.Process().num_fds()
        await asyncio.gather(*(sandbox.exec(["true"]) for _ in range(20)))
        await asyncio.sleep(0.05)

        assert psutil.Process().num_fds() == before


def test_ending_what_is_gone_is_no_error() -> None:
    process_tree.end_group(2**22 + 1)
    process_tree.end_marked("CLAUDEBOX_EXEC_ID=of-nobody")
    assert not process_tree.group_lives(2**22 + 1)
