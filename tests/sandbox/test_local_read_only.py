"""A workspace that nothing inside can change, a fork's neither; and that the tries of the check are real ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ordinary_user import run_tests

from claudebox_rl.errors import ConfigError, SandboxError
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import Mount
from claudebox_rl.sandbox.unsafe import UnsafeSandbox
from claudebox_rl.session.machine import prepare_workdir
from claudebox_rl.tasks import Task
from claudebox_rl.testing._checks_read_only import TRIES

pytestmark = pytest.mark.usefixtures("local_sandbox")
READ_ONLY = SandboxSpec(read_only_workspace=True)
BEYOND_ANY_USER = ("chown", "chattr", "mount", "umount", "unshare", "mkdir /tmp/x && mount", "sudo", "ln a ")
"""Tries that need rights which nobody has on `local`, or folders on one mount; they are for root in a box."""
OF_PROCESS_1 = ("echo b > /proc/1/", "for n in /proc/1/")
"""Nobody opens what process 1 sees and holds."""


def state(folder: Path) -> list[object]:
    return [(path, path.lstat().st_mode, path.lstat().st_nlink, path.lstat().st_mtime_ns) for path in found(folder)]


def found(folder: Path) -> list[Path]:
    return [folder, *sorted(folder.rglob("*"))]


def fill(folder: Path) -> Path:
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "a").write_text("as it was\n")
    return folder


@pytest.mark.parametrize("script", [each for each in TRIES if not each.startswith((*BEYOND_ANY_USER, *OF_PROCESS_1))])
async def test_each_try_changes_a_workspace_that_is_not_read_only(tmp_path: Path, script: str) -> None:
    folder = fill(tmp_path / "workspace")
    async with LocalSandbox(SandboxSpec(workspace=folder)) as sandbox:
        before = state(folder)
        await sandbox.exec(["sh", "-c", script], timeout_s=10)
        assert state(folder) != before


async def test_a_fork_has_a_workspace_of_its_own_that_is_read_only_too(tmp_path: Path) -> None:
    folder = fill(tmp_path / "workspace")
    async with LocalSandbox(SandboxSpec(workspace=folder, read_only_workspace=True)) as sandbox:
        await sandbox.write_file("/workspace/both", b"both")
        (fork,) = await sandbox.fork()
        try:
            await fork.write_file("/workspace/a", b"of the fork")
            await sandbox.write_file("/workspace/sub/mine", b"")
            result = await fork.exec(["sh", "-c", "cat a both; ls sub; echo x > a; touch new; touch ~/new"])
            assert result.text == "of the forkbothempty\n"
            assert result.stderr.count(b"ead-only") == 2
            (second,) = await fork.fork()
            try:
                assert await second.read_file("/workspace/a") == b"of the fork"
                assert (await second.exec(["touch", "new"])).exit_code == 1
            finally:
                await second.stop()
        finally:
            await fork.stop()
    assert (folder / "a").read_text() == "as it was\n"
    assert not (folder / "new").exists()


async def test_one_of_its_own_is_filled_too() -> None:
    async with LocalSandbox(READ_ONLY) as sandbox:
        await sandbox.write_file("/workspace/task.txt", b"task", mode=0o600)
        result = await sandbox.exec(["sh", "-c", "cat task.txt; echo x > task.txt"])
        assert (result.text, result.exit_code) == ("task", 2)


async def test_a_path_that_leads_there_by_a_link_inside_stays_shut() -> None:
    async with LocalSandbox(READ_ONLY) as sandbox:
        await sandbox.exec(["ln", "-s", "/workspace", "/tmp/link"])
        with pytest.raises(SandboxError, match="ead-only"):
            await sandbox.write_file("/tmp/link/new", b"x")
        await sandbox.write_file("/workspace/../tmp/new", b"x")
        assert await sandbox.read_file("/tmp/new") == b"x"


async def test_files_of_a_task_go_into_its_working_directory(tmp_path: Path) -> None:
    fill(tmp_path / "with" / "environment")
    for given in (True, False):
        folder = tmp_path / "with" if given else tmp_path
        task = Task(task_id="t", path=folder, instruction="i", workdir="/workspace/app")
        async with LocalSandbox(READ_ONLY) as sandbox:
            await prepare_workdir(sandbox, task)
            seen = await sandbox.exec(["ls"], cwd="/workspace/app")
            assert seen.text == ("a\nsub\n" if given else "")
            assert (await sandbox.exec(["touch", "x"], cwd="/workspace/app")).exit_code != 0


async def test_files_of_a_task_follow_no_link_of_a_kept_workspace(tmp_path: Path) -> None:
    fill(tmp_path / "task" / "environment")
    precious = tmp_path / "precious"
    precious.write_text("the host's")
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "a").symlink_to(precious)
    task = Task(task_id="t", path=tmp_path / "task", instruction="i")
    async with LocalSandbox(SandboxSpec(tmp_path / "workspace", read_only_workspace=True)) as sandbox:
        await prepare_workdir(sandbox, task)
        assert (await sandbox.exec(["cat", "a"])).text == "as it was\n"
    assert precious.read_text() == "the host's"


def test_a_writable_mount_of_the_same_files_is_refused(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "workspace" / "inner"
    inner.mkdir(parents=True)
    workspace = inner.parent
    (tmp_path / "link").symlink_to(workspace)
    for source in (workspace, inner, tmp_path / "outer", tmp_path / "link"):
        for read_only in (True, False):
            spec = SandboxSpec(
                workspace=workspace, read_only_workspace=True, mounts=(Mount(source, "/data", read_only),)
            )
            if read_only:
                LocalSandbox(spec)
                continue
            with pytest.raises(ConfigError, match="shares files") as error:
                LocalSandbox(spec)
            assert error.value.context["field"] == "mounts"


def test_a_backend_that_can_not_refuses() -> None:
    with pytest.raises(ConfigError, match="use sandbox=local") as error:
        UnsafeSandbox(SandboxSpec(network="full", read_only_workspace=True))
    assert error.value.context["field"] == "read_only_workspace"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="runs these once more, as somebody who is not root")
@pytest.mark.parametrize("file", ["test_local_read_only.py", "test_conformance.py"])
def test_the_same_for_an_ordinary_user(file: str) -> None:
    run_tests(f"tests/sandbox/{file}", "-k", "local and read_only")
