"""What only a real box can show: its limits, its door to the host, a workspace, and the death of its owner."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from claudebox_rl.sandbox import SandboxSpec, journal, reaper
from claudebox_rl.sandbox._box.runtimes import homes
from claudebox_rl.sandbox.boxlite import BoxliteSandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
FILE_BYTES = 1 << 20
OWNER = """
import asyncio, sys
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
async def main():
    sandbox = BoxliteSandbox(SandboxSpec(image=sys.argv[1], memory_mib=512, start_timeout_s=200))
    await sandbox.start()
    print(sandbox.sandbox_id, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BoxliteSandbox]:
    spec = SandboxSpec(
        image=IMAGE,
        memory_mib=1024,
        start_timeout_s=200,
        network="full",
        max_file_bytes=FILE_BYTES,
        workspace=tmp_path_factory.mktemp("workspace"),
    )
    async with BoxliteSandbox(spec) as sandbox:
        yield sandbox


async def test_it_is_a_machine_of_its_own(box: BoxliteSandbox) -> None:
    script = "uname -r; nproc; awk '/MemTotal/ {print $2}' /proc/meminfo; id -u"
    kernel, cpus, memory_kib, uid = (await box.exec(["sh", "-c", script])).text.splitlines()
    assert kernel != platform.release()
    assert (cpus, uid) == ("1", "0")
    assert 900 < int(memory_kib) / 1024 < 1100


async def test_the_largest_file_is_bounded(box: BoxliteSandbox) -> None:
    result = await box.exec(["sh", "-c", f"head -c {2 * FILE_BYTES} /dev/zero > big; stat -c %s big; rm big"])
    assert result.text == f"{FILE_BYTES}\n"


async def test_a_workspace_of_the_host_bears_all_that_tools_do(box: BoxliteSandbox) -> None:
    script = "echo 1 > a; mv a b; chmod 755 b; ln b c; ln -s b d; mkdir -p e/f; rm -r e; git init -q . && git add -A"
    script += " && git -c user.name=x -c user.email=x@y commit -qm x && git log --oneline | wc -l"
    result = await box.exec(["sh", "-ec", script], timeout_s=60)
    assert (result.exit_code, result.text.strip()) == (0, "1"), result
    await box.write_file("/workspace/b", b"2")
    assert box.spec.workspace
    assert (box.spec.workspace / "b").read_bytes() == b"2"


async def test_the_hosts_loopback_is_shut_but_for_the_exposed_port(box: BoxliteSandbox) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"open")
        writer.close()

    async def dial(host: str, port: object) -> bytes:
        return (await box.exec(["bash", "-c", f"cat < /dev/tcp/{host}/{port}"], timeout_s=30)).stdout

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        for host in ("host.boxlite.internal", "192.168.127.254", "192.168.127.1", "127.0.0.1"):
            assert await dial(host, port) == b"", host
        exposed = await box.expose_host_port(port)
        assert await dial("127.0.0.1", exposed.rpartition(":")[2]) == b"open"
        assert await dial("host.boxlite.internal", port) == b""


async def test_no_command_can_open_the_door_again(box: BoxliteSandbox) -> None:
    status = (await box.exec(["grep", "CapBnd", "/proc/self/status"])).text
    net_admin_and_raw = 1 << 12 | 1 << 13
    assert int(status.split()[1], 16) & net_admin_and_raw == 0


async def test_process_1_can_not_be_ended_from_inside(box: BoxliteSandbox) -> None:
    await box.exec(["sh", "-c", "for s in KILL TERM INT HUP; do kill -$s 1; done; kill -KILL -1"], timeout_s=30)
    assert (await box.exec(["true"])).exit_code == 0


async def test_a_killed_owner_takes_its_box_with_it() -> None:
    """Another process has a runtime folder of its own, and leaves nothing in it."""
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, IMAGE, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout
    sandbox_id = (await asyncio.wait_for(owner.stdout.readline(), 250)).decode().strip()
    (entry,) = [entry for entry in journal.records() if entry.sandbox_id == sandbox_id]
    assert entry.machine_pid
    owner.kill()
    await owner.wait()
    deadline = time.monotonic() + 15
    while journal.process_start(entry.machine_pid) == entry.machine_start:
        assert time.monotonic() < deadline, "the box outlives its owner"
        await asyncio.sleep(0.1)
    assert sandbox_id in [reaped.name for reaped in reaper.reap()]
    script = f"import boxlite; boxlite.Boxlite(boxlite.Options(home_dir={str(homes()[1])!r}))"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], check=True)
    assert list(Path(homes()[1] / "boxes").iterdir()) == []
