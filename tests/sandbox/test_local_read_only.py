"""A workspace that nothing inside can change, a fork's too."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl.errors import ConfigError, SandboxError
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")
TRIES = ("touch new", "echo b > a", "rm a", "mv a b", "chmod 777 .", "ln -s /tmp l", "mount -o remount,rw /workspace")


async def check(sandbox: LocalSandbox) -> None:
    for line in TRIES:
        result = await sandbox.exec(["sh", "-c", line])
        assert result.exit_code != 0, line
    assert (await sandbox.exec(["sh", "-c", "cat a; touch ~/new /tmp/new /logs/new"])).text == "as it was"


async def test_nothing_inside_changes_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("as it was")
    async with LocalSandbox(SandboxSpec(workspace=tmp_path, read_only_workspace=True)) as sandbox:
        await check(sandbox)
        with pytest.raises(SandboxError, match="ead-only"):
            await sandbox.write_file("/workspace/new", b"")
        (fork,) = await sandbox.fork()
        try:
            await check(fork)
        finally:
            await fork.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_without_it_the_same_works(tmp_path: Path) -> None:
    async with LocalSandbox(SandboxSpec(workspace=tmp_path)) as sandbox:
        assert (await sandbox.exec(["sh", "-c", "touch a; echo b > a; mv a b; chmod 777 .; touch new"])).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "new"]


def test_a_backend_that_can_not_refuses() -> None:
    with pytest.raises(ConfigError, match="use sandbox=local") as error:
        BoxliteSandbox(SandboxSpec(read_only_workspace=True))
    assert error.value.context["field"] == "read_only_workspace"
