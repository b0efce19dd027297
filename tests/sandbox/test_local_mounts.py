"""Folders of the host that a local sandbox may write to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Mount, SandboxSpec
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")


async def test_a_writable_mount_goes_to_the_sandbox_and_comes_back(tmp_path: Path) -> None:
    kept, outside = tmp_path / "kept", tmp_path / "outside"
    kept.mkdir()
    outside.write_text("not to be given away")
    (kept / "file").write_text("old")
    (kept / "file").chmod(0o600)
    (kept / "link").symlink_to(outside)
    spec = SandboxSpec(mounts=(Mount(kept, "/opt/kept", read_only=False),))
    async with LocalSandbox(spec) as sandbox:
        done = await sandbox.exec(["sh", "-c", "cd /opt/kept && cat file && echo new > file && mkdir made"])
        assert (done.exit_code, done.text) == (0, "old")
        assert outside.stat().st_uid == os.geteuid()
    assert (kept / "file").read_text() == "new\n"
    assert {path.lstat().st_uid for path in (kept, *kept.iterdir())} == {os.geteuid()}


@pytest.mark.parametrize("source", ["/", "/usr", "/home"])
def test_the_system_is_not_given(source: str) -> None:
    with pytest.raises(ConfigError, match=r"mounts: .* folder of its own"):
        LocalSandbox(SandboxSpec(mounts=(Mount(Path(source), "/opt/it", read_only=False),)))


@pytest.mark.parametrize("target", ["/workspace/in", "/home/agent/in", "/opt/kept/in"])
def test_nothing_is_mounted_below_a_writable_folder(tmp_path: Path, target: str) -> None:
    mounts = (Mount(tmp_path, "/opt/kept", read_only=False), Mount(tmp_path, target, read_only=False))
    with pytest.raises(ConfigError, match="overlaps"):
        LocalSandbox(SandboxSpec(mounts=mounts))
