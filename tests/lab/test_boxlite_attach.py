"""Boxes that outlive their process: detached, or its owner killed; and taken over by another process.

One box goes through all of it, in the order of the tests: each start takes half a minute here.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from shims import shims

from claudebox_rl.cli.main import main
from claudebox_rl.errors import SandboxAttachError, SandboxUnavailableError
from claudebox_rl.sandbox import SandboxSpec, journal, reaper
from claudebox_rl.sandbox._box import runtimes
from claudebox_rl.sandbox.boxlite import BoxliteSandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(500), pytest.mark.asyncio(loop_scope="module")]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
FETCH = "import urllib.request; urllib.request.urlopen('http://refused.test/', timeout=20)"
OWNER = """
import asyncio, sys
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.boxlite import BoxliteSandbox

async def main():
    spec = SandboxSpec(
        image=sys.argv[1], memory_mib=512, start_timeout_s=240, env={"MINE": "1"},
        network="restricted", allowed_hosts=("example.com",),
    )
    box = BoxliteSandbox(spec, detached=True)
    await box.start()
    await box.exec(["sh", "-c", "echo left > file; while :; do echo x >> tick; sleep 0.2; done &"])
    reading = await box.open_exec(["sh", "-c", "echo read; (sleep 4321 & sleep 4321)"])
    async for chunk in reading:
        break
    print(box.sandbox_id, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
ATTACHER = """
import asyncio, sys
from claudebox_rl.sandbox.boxlite import BoxliteSandbox

async def main():
    box = await BoxliteSandbox.attach(sys.argv[1])
    print((await box.exec(["cat", "/workspace/file"])).text, end="", flush=True)
    await box.detach()

asyncio.run(main())
"""
# As root: pipes of its own, a wrong answer, many that say nothing; each is shut out.
INTRUDER = """
import array, os, socket
def come_in():
    way = socket.socket(socket.AF_UNIX)
    way.connect("\\0claudebox_rl")
    ours, theirs = os.pipe(), os.pipe()
    rights = array.array("i", [theirs[0], ours[1]])
    way.sendmsg([b"1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    os.close(theirs[0]); os.close(ours[1])
    return way, ours[0], theirs[1]
silent = [come_in() for _ in range(40)]
way, incoming, outgoing = come_in()
challenge = os.read(incoming, 1000)
os.write(outgoing, b"x" * 32)
print(b"challenge" in challenge, os.read(incoming, 1000), flush=True)
"""


async def started(program: str, *arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """Start a program in a process of its own; returns it and its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    return process, (await asyncio.wait_for(process.stdout.readline(), 300)).decode().strip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box_id() -> AsyncIterator[str]:
    """A box whose owner was killed while a command of it was read."""
    owner, sandbox_id = await started(OWNER, IMAGE)
    with pytest.raises(SandboxAttachError, match=f"held by process {owner.pid}"):
        await BoxliteSandbox.attach(sandbox_id)
    owner.kill()
    await owner.wait()
    yield sandbox_id
    reaper.reap(wait=True, detached=True)


def owner_of(sandbox_id: str) -> str:
    (entry,) = [entry for entry in journal.records() if entry.sandbox_id == sandbox_id]
    return reaper.owner_of(entry)


async def test_a_box_outlives_its_killed_owner(box_id: str) -> None:
    assert owner_of(box_id) == "detached"
    assert reaper.reap(wait=True) == []
    began = time.monotonic()
    box = await BoxliteSandbox.attach(box_id)
    assert time.monotonic() - began < 30
    assert owner_of(box_id) == "alive"
    assert (box.spec.env, box.spec.network, box.spec.allowed_hosts) == ({"MINE": "1"}, "restricted", ("example.com",))
    look = "cat file; echo $MINE; a=$(wc -c < tick); sleep 2; [ $(wc -c < tick) -gt $a ] && echo ticks"
    assert (await box.exec(["sh", "-c", look])).text == "left\n1\nticks\n"
    assert (await box.exec(["pgrep", "-c", "-x", "-f", "sleep 4321"])).text == "0\n"
    assert (await box.metrics()).num_commands >= 4
    await box.detach()
    await box.stop()
    with pytest.raises(SandboxUnavailableError):
        await box.exec(["true"])
    assert owner_of(box_id) == "detached"


async def test_a_detached_box_is_another_process_s(box_id: str) -> None:
    for _ in range(2):
        process, text = await started(ATTACHER, box_id)
        assert text == "left"
        assert await process.wait() == 0


async def test_its_proxy_is_led_anew(box_id: str) -> None:
    box = await BoxliteSandbox.attach(box_id)
    assert (await box.exec(["sh", "-c", "echo $http_proxy"])).text == "http://127.0.0.1:3128\n"
    assert b"HTTP Error 403" in (await box.exec(["python3", "-c", FETCH], timeout_s=60)).stderr
    assert [each.host for each in box.take_refused()] == ["refused.test"]
    await box.detach()


async def test_who_has_no_key_changes_nothing(box_id: str) -> None:
    box = await BoxliteSandbox.attach(box_id)
    tried = await box.exec(["python3", "-c", INTRUDER], user="root", timeout_s=60)
    assert tried.text == "True b''\n", tried.stderr.decode()
    # Another user is not even asked.
    assert (await box.exec(["python3", "-c", INTRUDER], user="nobody", timeout_s=60)).text == ""
    assert (await box.exec(["echo", "still here"])).text == "still here\n"
    # Nor do its silent pipes keep the next host out, nor is the end of all that it can end the host's.
    lurk = INTRUDER + "\nimport time; time.sleep(600)"
    lurker = await box.open_exec(["python3", "-c", lurk], user="root")
    async for _ in lurker:
        break
    await box.exec(["sh", "-c", "kill -KILL -1"], user="root")
    assert (await box.exec(["echo", "still here"])).text == "still here\n"
    refused = await box.exec(["sh", "-c", "cat /proc/1/environ /proc/1/mem; ls /proc/1/fd"], user="root")
    assert b"denied" in refused.stderr
    await box.detach()
    box = await BoxliteSandbox.attach(box_id)
    assert (await box.exec(["cat", "file"])).text == "left\n"
    await box.detach()


async def test_the_command_line_shows_and_ends_it(box_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(main, ["machines", "list", "--json"]) == 0
    (machine,) = [each for each in json.loads(capsys.readouterr().out) if each["sandbox_id"] == box_id]
    assert machine["owner"] == "detached"
    assert await asyncio.to_thread(main, ["machines", "reap"]) == 0
    assert owner_of(box_id) == "detached"
    assert await asyncio.to_thread(main, ["machines", "reap", "--detached"]) == 0
    assert box_id in capsys.readouterr().out
    assert journal.records() == []
    assert journal.process_start(machine["machine_pid"]) is None
    assert no_boxes()
    assert not shims()
    with pytest.raises(SandboxAttachError, match="no machine"):
        await BoxliteSandbox.attach(box_id)


@pytest.mark.slow
async def test_a_box_that_died_detached_is_removed_with_its_disk() -> None:
    owner, sandbox_id = await started(OWNER, IMAGE)
    owner.kill()
    await owner.wait()
    (entry,) = journal.records()
    assert entry.machine_pid
    os.kill(entry.machine_pid, 9)
    for _ in range(100):
        await asyncio.sleep(0.1 if reaper.is_running(entry) else 0)
    with pytest.raises(SandboxAttachError, match="has ended"):
        await BoxliteSandbox.attach(sandbox_id)
    assert [each.name for each in reaper.reap(wait=True)] == [sandbox_id]
    assert journal.records() == []
    assert no_boxes()
    assert not shims()


@pytest.mark.slow
async def test_stop_after_attach_removes_the_box() -> None:
    async with BoxliteSandbox(SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=240), detached=True) as box:
        await box.write_file("/workspace/x", b"1")
        await box.detach()
    again = await BoxliteSandbox.attach(box.sandbox_id)
    assert await again.read_file("/workspace/x") == b"1"
    with pytest.raises(SandboxAttachError, match="held by process"):
        await BoxliteSandbox.attach(box.sandbox_id)
    await again.stop()
    assert journal.records() == []
    assert no_boxes()
    assert not shims()


def no_boxes() -> bool:
    return not any(list((place / "boxes").glob("*")) for place in runtimes.homes()[:3] if (place / "boxes").is_dir())
