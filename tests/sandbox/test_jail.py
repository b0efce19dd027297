"""Jailed programs end with whoever asked for them, at whatever moment that is."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.jail import View, run_jailed

pytestmark = pytest.mark.usefixtures("local_sandbox")
DELAYS_MS = (0, 1, 2, 3, 5, 8, 12, 20, 35, 60)
COPY = {"source": "/from/tree", "target": "/to/copy", "owners": None, "is_upper": False, "linked": None}
OWNER = """
import asyncio, json, sys
from pathlib import Path
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.jail import View, run_jailed
source, target, job = sys.argv[1:]
bwrap = find_bwrap()
print("ready", flush=True)
views = [View("/from/tree", (Path(source),)), View("/to", (Path(target),), writable=True)]
asyncio.run(run_jailed(bwrap, "copy_tree", json.loads(job), views, ("CAP_DAC_READ_SEARCH",)))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for number in range(3000):
        (folder / str(number)).write_bytes(b"x" * 1000)
    return folder


async def copy(tree: Path, target: Path) -> None:
    target.mkdir()
    views = [View("/from/tree", (tree,)), View("/to", (target,), writable=True)]
    await run_jailed(find_bwrap(), "copy_tree", {"uid": None, "copies": [COPY]}, views, ("CAP_DAC_READ_SEARCH",))


def processes_with(text: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if text in " ".join(each.info["cmdline"] or [])]


def wait_until_gone(text: str) -> None:
    give_up = time.monotonic() + 10
    while left := processes_with(text):
        assert time.monotonic() < give_up, left
        time.sleep(0.02)


async def test_a_copy_that_nobody_stops_is_whole(tree: Path, tmp_path: Path) -> None:
    await copy(tree, tmp_path / "target")
    assert len(list((tmp_path / "target" / "copy").iterdir())) == 3000


@pytest.mark.parametrize("delay_ms", DELAYS_MS)
async def test_a_cancelled_one_ends_at_once(tree: Path, tmp_path: Path, delay_ms: int) -> None:
    find_bwrap()
    task = asyncio.create_task(copy(tree, tmp_path / "target"))
    await asyncio.sleep(delay_ms / 1000)
    task.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert processes_with(str(tmp_path)) == []


@pytest.mark.parametrize("delay_ms", DELAYS_MS)
def test_one_whose_owner_is_killed_ends(tree: Path, tmp_path: Path, delay_ms: int) -> None:
    target = tmp_path / "target"
    target.mkdir()
    job = json.dumps({"uid": None, "copies": [COPY]})
    argv = [sys.executable, "-c", OWNER, str(tree), str(target), job]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=dict(os.environ)) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        time.sleep(delay_ms / 1000)
        owner.kill()
    wait_until_gone(str(tmp_path))


async def test_what_it_says_is_the_error(tree: Path) -> None:
    job = {"uid": None, "copies": [{**COPY, "source": "/from/none"}]}
    with pytest.raises(SandboxError, match=r"copy_tree failed: No such file or directory: '/from/none'"):
        await run_jailed(find_bwrap(), "copy_tree", job, [View("/from/tree", (tree,))], ())
