"""What BoxLite 0.10.8 does that nobody would expect: shown here, with how our machines are not hurt by it.

Each test that shows a quirk fails once BoxLite has mended it, and what stands in our code for it can go.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._box import runtimes
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import Mount

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
SPEC = SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=240)
SLEEPERS = "sleep 1234 & sleep 1234"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BoxliteSandbox]:
    shown, writable = tmp_path_factory.mktemp("shown"), tmp_path_factory.mktemp("writable")
    for number in range(20):
        (shown / f"{number}").mkdir()
        (shown / f"{number}" / "file").write_text("x")
    mounts = (Mount(shown, "/shown"), Mount(writable, "/writable", read_only=False))
    spec = SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=240, mounts=mounts, env={"GREETING": "hello"})
    async with BoxliteSandbox(spec) as sandbox:
        yield sandbox


async def num_sleepers(box: BoxliteSandbox) -> int:
    return int((await box.exec(["sh", "-c", "pgrep -c -x sleep || true"])).text)


async def test_boxlites_own_deadline_ends_one_process_and_ours_the_tree(box: BoxliteSandbox) -> None:
    await box._box.exec("sh", ["-c", SLEEPERS], timeout_secs=1)
    await asyncio.sleep(4)
    assert await num_sleepers(box) >= 1
    await box.exec(["pkill", "-x", "sleep"])
    result = await box.exec(["sh", "-c", SLEEPERS], timeout_s=1)
    assert result.timed_out
    assert await num_sleepers(box) == 0


async def test_boxlites_own_metrics_know_no_command_and_ours_do(box: BoxliteSandbox) -> None:
    before = (await box._box.metrics()).commands_executed_total, (await box.metrics()).num_commands
    await box.exec(["true"])
    after = (await box._box.metrics()).commands_executed_total, (await box.metrics()).num_commands
    assert (after[0] - before[0], after[1] - before[1]) == (0, 1)


async def test_folders_of_the_host_bear_every_call(box: BoxliteSandbox) -> None:
    """BoxLite's system call filter would end the box at `find`; it is off where there are folders of the host."""
    script = "find /shown | wc -l; df > /dev/null; stat -f /shown > /dev/null; ls -lR /shown | grep -c file"
    result = await box.exec(["sh", "-ec", script], timeout_s=60)
    assert result.text == "41\n20\n", result.stderr.decode()


async def test_a_writable_mount_is_the_hosts(box: BoxliteSandbox) -> None:
    script = "echo one > /writable/a && mv /writable/a /writable/b && echo no > /shown/a"
    result = await box.exec(["sh", "-c", script])
    (mount,) = [mount for mount in box.spec.mounts if not mount.read_only]
    assert result.exit_code != 0
    assert {place.name: place.read_text() for place in mount.source.iterdir()} == {"b": "one\n"}


async def test_variables_of_the_spec_are_the_commands(box: BoxliteSandbox) -> None:
    assert (await box.exec(["printenv", "GREETING"])).text == "hello\n"


async def test_a_box_without_folders_keeps_the_filter_and_bears_every_call(box: BoxliteSandbox) -> None:
    async with BoxliteSandbox(SPEC) as sandbox:
        assert sorted(filters_of_boxes()) == ["0", "2"]
        script = "find / -xdev | wc -l; df > /dev/null; git init -q /workspace/x; sync"
        assert (await sandbox.exec(["sh", "-ec", script], timeout_s=120)).exit_code == 0


def filters_of_boxes() -> list[str]:
    """The mode of the system call filter of each process that holds a virtual machine."""
    modes: list[str] = []
    for place in Path("/proc").glob("[0-9]*"):
        if (place / "cmdline").read_bytes().split(b"\0")[0].endswith(b"boxlite-shim"):
            modes += re.findall(r"Seccomp:\t(\d)", (place / "status").read_text())
    return modes


async def test_a_clone_of_a_box_that_runs_sees_what_is_written_there_later(box: BoxliteSandbox) -> None:
    """So `fork` makes copies; `forks_share_nothing` of the contract says that they are some."""
    runtime = runtimes.runtime()
    clone = await box._box.carry_box(name="clone")
    try:
        await box.exec(["sh", "-ec", "echo later > /workspace/later; sync"])
        await clone.start()
        execution = await clone.exec("cat", ["/workspace/later"])
        seen = "".join([text async for text in execution.stdout()])
    finally:
        await runtime.remove("clone", True)
    assert seen == "later\n"


async def test_an_image_without_a_command_boots_and_its_user_is_the_commands(tmp_path: Path) -> None:
    layout = layout_with(tmp_path / "layout", User="daemon:daemon", Cmd=None, Entrypoint=None)
    async with BoxliteSandbox(SandboxSpec(image=str(layout), memory_mib=512, start_timeout_s=300)) as sandbox:
        result = await sandbox.exec(["sh", "-c", 'id -un; touch "$HOME/file" file && echo wrote'])
        await sandbox.write_file("/workspace/given", b"x")
        owner = await sandbox.exec(["stat", "-c", "%U", "given"])
    assert (result.text, owner.text) == ("daemon\nwrote\n", "daemon\n")


def layout_with(folder: Path, **changes: Any) -> Path:
    """A layout with the lab image's layers and another configuration."""

    def blob(digest: str) -> Path:
        return Path(IMAGE, "blobs", *digest.split(":"))

    def keep(content: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(content).encode()
        name = hashlib.sha256(data).hexdigest()
        (folder / "blobs" / "sha256" / name).write_bytes(data)
        return {"digest": f"sha256:{name}", "size": len(data)}

    (folder / "blobs" / "sha256").mkdir(parents=True)
    index = json.loads(Path(IMAGE, "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
    config = json.loads(blob(manifest["config"]["digest"]).read_text())
    for layer in manifest["layers"]:
        (folder / "blobs" / "sha256" / layer["digest"].partition(":")[2]).symlink_to(blob(layer["digest"]))
    settings = {**config["config"], **changes}
    config["config"] = {name: value for name, value in settings.items() if value is not None}
    manifest["config"].update(keep(config))
    index["manifests"][0].update(keep(manifest))
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


async def test_a_slow_reader_of_much_output_costs_nothing(box: BoxliteSandbox) -> None:
    """Eight MiB in pieces of a MiB, read slowly, beside other commands: nothing is lost, and the box goes on."""
    num_bytes = 8 << 20
    async with await box.open_exec(["head", "-c", str(num_bytes), "/dev/zero"], timeout_s=200) as stream:
        seen, others = 0, [asyncio.create_task(box.exec(["head", "-c", "300000", "/dev/zero"])) for _ in range(4)]
        slow_until = time.monotonic() + 10
        async for chunk in stream:
            seen += len(chunk.data)
            if time.monotonic() < slow_until:
                await asyncio.sleep(0.2)
        assert [len((await other).stdout) for other in others] == [300000] * 4
    assert seen == num_bytes
    assert (await box.exec(["echo", "on"])).text == "on\n"
