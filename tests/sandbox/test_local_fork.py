"""What forks of `local` do beyond the contract that `test_conformance.py` checks on every backend."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ordinary_user import run_tests

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import Mount, SandboxSpec, journal, local, reaper
from claudebox_rl.sandbox._local import folders
from claudebox_rl.sandbox._local.machine import launch
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to spare")


@pytest.fixture(params=["overlay", "copy"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "copy":
        monkeypatch.setattr(local, "fork_mode", lambda: "copy")
    elif LocalSandbox.capabilities().fork != "overlay":
        pytest.skip("this host gives no overlays")
    return request.param


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert journal.records() == []
    assert list(journal.machines_dir().glob("l*")) == []


@asynccontextmanager
async def forked(parent: LocalSandbox, n: int = 1) -> AsyncIterator[tuple[LocalSandbox, ...]]:
    forks = await parent.fork(n)
    try:
        yield forks
    finally:
        await asyncio.gather(*(fork.stop() for fork in forks))


async def shell(sandbox: LocalSandbox, script: str, **options: Any) -> str:
    result = await sandbox.exec(["bash", "-c", script], **options)
    assert result.exit_code == 0, result.stderr
    return result.text


# What is copied

TREE = r"""
mkdir -p deep/er empty && echo text > deep/er/file && chmod 640 deep/er/file && touch -d @1000000000.5 deep/er/file
ln -s er/file deep/link && ln -s /etc/shadow deep/out && ln -s . deep/loop && mkfifo -m 600 pipe
echo one > first && ln first deep/second && ln first deep/er/third
echo odd > "$(printf 'a\nb \\ \377 \xe2\x98\x83')" && touch -- -rf
truncate -s 1G holes && echo end >> holes && cp /usr/bin/id own-id && chmod 4755 own-id
mkdir shut && echo in > shut/in && chmod 0 shut/in shut && chmod 1750 . && touch -d @1000000001 deep/er deep
echo home > ~/file && echo test > /tests/file
"""
LOOK = r"""
import json, os, sys
facts = {}
for top in ("/workspace", "/tests", "/solution", "/logs", "/home/agent"):
    for folder, names, files in os.walk(top):
        for name in [".", *names, *files]:
            path = os.path.join(folder, name)
            seen = os.lstat(path)
            facts[ascii(path)] = [
                oct(seen.st_mode), seen.st_mtime_ns, *([] if os.path.isdir(path) else [seen.st_size, seen.st_nlink]),
                seen.st_blocks * 512 < 1 << 20, os.readlink(path) if os.path.islink(path) else None,
                seen.st_uid == os.getuid(), os.listxattr(path, follow_symlinks=False),
            ]
json.dump(facts, sys.stdout)
"""


async def look(sandbox: LocalSandbox) -> dict[str, list[object]]:
    return json.loads(await shell(sandbox, f"python3 - <<'E'\n{LOOK}\nE"))


async def test_a_tree_is_the_same(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, TREE + 'python3 -c \'import os; os.setxattr("first", "user.note", b"x")\'')
        before = await look(parent)
        async with forked(parent) as (fork,), forked(fork) as (second,):
            for each in (fork, second):
                assert await look(each) == before
                content = await shell(
                    each, "chmod 700 shut && chmod 600 shut/in && cat shut/in first deep/er/file ~/file"
                )
                assert content == "in\none\ntext\nhome\n"
        assert await look(parent) == before


async def test_the_names_of_one_file_stay_together(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(
            parent, "mkdir -p a/b && echo old > a/b/one && ln a/b/one two && ln two a/three && echo x > a/b/other"
        )
        async with forked(parent, 2) as (fork, other):
            assert (
                await shell(fork, "echo new >> two; cat a/b/one a/three; ls a/b") == "old\nnew\nold\nnew\none\nother\n"
            )
            assert await shell(other, "cat a/b/one two; stat -c %h two") == "old\nold\n3\n"
            async with forked(fork) as (second,):
                assert await shell(second, "echo more > a/three; cat two; stat -c %h two") == "more\n3\n"
            assert await shell(fork, "cat two") == "old\nnew\n"


async def test_a_setuid_program_gains_nothing(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "cp /usr/bin/id . && chmod 6755 id")
        async with forked(parent) as (fork,):
            assert await shell(fork, "./id") == await shell(fork, "id")


async def test_attributes_of_overlayfs_are_nobodys_trick(mode: str) -> None:
    attack = """
import os
os.mkdir("folder")
for name in ("folder/file", "file"):
    with open(name, "w"): pass
    os.setxattr(name, "user.overlay.whiteout", b"y")
for name in ("opaque", "whiteouts", "redirect", "metacopy", "origin"):
    for value in (b"y", b"x", b"/../../etc"):
        try: os.setxattr("folder", "user.overlay." + name, value)
        except OSError: pass
"""
    async with LocalSandbox() as parent:
        await shell(parent, f"python3 - <<'E'\n{attack}\nE")
        async with forked(parent) as (fork,):
            assert await shell(fork, "ls . folder") == ".:\nfile\nfolder\n\nfolder:\nfile\n"
            assert await shell(fork, "python3 -c 'import os; print(os.listxattr(\"folder\"))'") == "[]\n"


async def test_deletes_are_remembered_through_a_flattened_stack(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_LAYERS", 2)
    async with LocalSandbox() as first:
        await shell(first, "mkdir -p keep gone/deep again/old && touch keep/0 gone/deep/x again/old/x")
        line = [first]
        try:
            for number in range(1, 6):
                (fork,) = await line[-1].fork()
                line.append(fork)
                script = (
                    f"touch keep/{number}; rm keep/{number - 1}; rm -rf gone again; mkdir again; touch again/{number}"
                )
                await shell(fork, script)
            assert await shell(line[-1], "find . -type f | sort") == "./again/5\n./keep/5\n"
            assert await shell(line[2], "find . -type f | sort") == "./again/2\n./keep/2\n"
        finally:
            await asyncio.gather(*(fork.stop() for fork in line[1:]))


async def test_nested_deeper_than_a_path(mode: str) -> None:
    nest = "import os\nfor _ in range(%d):\n  os.mkdir('d'); os.chdir('d')"
    async with LocalSandbox() as parent:
        await shell(parent, f'python3 -c "{nest % 900}"')
        async with forked(parent) as (fork,):
            assert await shell(fork, "find . | wc -l") == "901\n"


@ROOT_ONLY
async def test_what_the_sandbox_may_not_read_is_not_in_the_fork(mode: str, tmp_path: Path) -> None:
    workspace, outside = tmp_path / "workspace", tmp_path / "outside"
    workspace.mkdir()
    outside.write_text("the host's")
    outside.chmod(0o600)
    os.link(outside, workspace / "secret")
    async with LocalSandbox(SandboxSpec(workspace=workspace)) as parent:
        assert (await parent.exec(["cat", "secret"])).exit_code != 0
        async with forked(parent) as (fork,):
            assert await shell(fork, "ls") == ""


async def test_writable_mounts_are_copied_and_read_only_ones_shared(mode: str, tmp_path: Path) -> None:
    kept, shown = tmp_path / "kept", tmp_path / "shown"
    for folder in (kept, shown):
        folder.mkdir()
        (folder / "file").write_text("old\n")
    mounts = (Mount(kept, "/opt/kept", read_only=False), Mount(shown, "/opt/shown"))
    async with LocalSandbox(SandboxSpec(mounts=mounts)) as parent, forked(parent) as (fork,):
        assert await shell(fork, "cat /opt/*/file; echo new > /opt/kept/file; ! touch /opt/shown/x") == "old\nold\n"
        assert await shell(parent, "cat /opt/kept/file") == "old\n"
    assert (kept / "file").read_text() == "old\n"


# What is not shared


async def test_users_are_each_ones_own(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "touch file")
        async with forked(parent, 3) as forks:
            users = [int(await shell(each, "id -u")) for each in (parent, *forks)]
            owners = [int(await shell(each, "stat -c %u file")) for each in (parent, *forks)]
    assert owners == users
    assert len(set(users)) == (4 if os.geteuid() == 0 else 1)


@ROOT_ONLY
async def test_a_fork_bomb_starves_no_sibling(mode: str) -> None:
    bomb = "import os, time\nwhile True:\n  try: os.fork()\n  except OSError: time.sleep(0.01)"
    async with LocalSandbox(SandboxSpec(max_processes=60)) as parent:
        await shell(parent, "touch file")
        async with forked(parent, 2) as (one, other):
            bombing = asyncio.create_task(one.exec(["python3", "-c", bomb], timeout_s=1.5))
            await asyncio.sleep(0.7)
            # The shell ends at the first fork that fails.
            count = "for i in $(seq 40); do sleep 30 > /dev/null 2>&1 & done; echo $i"
            assert await shell(other, count) == "40\n"
            assert (await bombing).timed_out


async def test_a_fork_outlives_its_parent_and_a_sibling(mode: str) -> None:
    parent = LocalSandbox()
    await parent.start()
    await shell(parent, "echo kept > file")
    one, other = await parent.fork(2)
    await asyncio.gather(parent.stop(), one.stop())
    try:
        assert await shell(other, "cat file") == "kept\n"
        async with forked(other) as (second,):
            await other.stop()
            assert await shell(second, "cat file") == "kept\n"
    finally:
        await other.stop()


# The moment of the copy


async def test_processes_go_on_but_not_the_one_that_was_stopped(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "(sleep 1001 & sleep 0.1; kill -STOP $!; sleep 1002) > /dev/null 2>&1 &")
        await asyncio.sleep(0.4)
        async with forked(parent):
            states = await shell(parent, "ps -eo stat=,args= | grep '[s]leep 10' | sort -k3")
    assert [line[0] for line in states.splitlines() if "sleep 100" in line and "bash" not in line] == ["T", "S"]


async def test_requests_during_a_fork_wait_for_it(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "for i in $(seq 300); do echo $i > $i; done")
        forking = asyncio.create_task(parent.fork(2))
        results = []
        while not forking.done():
            await parent.write_file("/workspace/x", b"x" * 100_000)
            results.append(await parent.exec(["sh", "-c", "echo fine; echo late > late"], timeout_s=5))
        forks = await forking
        try:
            assert {result.text for result in results} == {"fine\n"}
            for fork in forks:
                names = (await shell(fork, "ls -A")).split()
                assert len(set(names) - {"x", "late"}) == 300
                assert not [name for name in names if name.startswith(".claudebox")]
        finally:
            await asyncio.gather(*(fork.stop() for fork in forks))


async def test_busy_starters_are_held_still(mode: str) -> None:
    busy = "import subprocess\nwhile True: subprocess.run(['true'])"
    async with LocalSandbox() as parent:
        async with await parent.open_exec(["python3", "-c", busy]), await parent.open_exec(["python3", "-c", busy]):
            for _ in range(6):
                async with forked(parent):
                    pass
        assert await shell(parent, "echo fine") == "fine\n"


async def test_a_command_that_ends_while_it_is_held(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "for i in $(seq 500); do echo $i > $i; done")
        ending = asyncio.create_task(parent.exec(["sleep", "60"], timeout_s=0.25))
        await asyncio.sleep(0.2)
        async with forked(parent):
            assert (await ending).timed_out


# Failures


async def test_one_that_does_not_start_takes_all_with_it(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "touch file")
        calls = iter(range(9))

        def fail_third(*arguments: Any) -> Any:
            if next(calls) == 2:
                raise OSError("no third")
            return launch(*arguments)

        monkeypatch.setattr(local, "launch", fail_third)
        with pytest.raises(SandboxStartError, match="no third"):
            await parent.fork(4)
        assert [entry.sandbox_id for entry in journal.records()] == [parent.sandbox_id]
        assert await shell(parent, "ls") == "file\n"


async def test_a_copy_that_fails_lets_the_parent_go_on(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "touch beats; (while sleep 0.02; do echo >> beats; done) > /dev/null 2>&1 &")
        monkeypatch.setattr(folders, "_READS_ALL", ("CAP_NO_SUCH",))
        with pytest.raises(SandboxStartError, match="can't be forked"):
            await parent.fork()
        assert (
            await shell(parent, "a=$(stat -c %s beats); sleep 0.3; [ $(stat -c %s beats) -gt $a ] && echo on") == "on\n"
        )


async def test_a_cancelled_fork_leaves_nothing_and_the_parent_goes_on(mode: str) -> None:
    async with LocalSandbox() as parent:
        await shell(parent, "for i in $(seq 200); do echo $i > $i; done")
        await shell(parent, "touch beats; (while sleep 0.02; do echo >> beats; done) > /dev/null 2>&1 &")
        for delay_s in (0.002, 0.01, 0.03, 0.06, 0.09, 0.12):
            forking = asyncio.create_task(parent.fork(3))
            await asyncio.sleep(delay_s)
            forking.cancel()
            (outcome,) = await asyncio.gather(forking, return_exceptions=True)
            if not isinstance(outcome, BaseException):
                await asyncio.gather(*(fork.stop() for fork in outcome))
            assert [entry.sandbox_id for entry in journal.records()] == [parent.sandbox_id]
            grows = "a=$(stat -c %s beats); sleep 0.2; [ $(stat -c %s beats) -gt $a ] && echo on"
            assert await shell(parent, grows) == "on\n"


async def test_forks_that_stand_already_are_ended_where_the_call_is_cancelled(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    letting_go, release = asyncio.Event(), local._release

    async def slow_release(heritage: Any) -> None:
        letting_go.set()
        try:
            await asyncio.Event().wait()
        finally:
            await release(heritage)

    monkeypatch.setattr(local, "_release", slow_release)
    async with LocalSandbox() as parent:
        forking = asyncio.create_task(parent.fork(2))
        await letting_go.wait()
        assert len(journal.records()) >= 3
        forking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await forking
        assert [entry.sandbox_id for entry in journal.records()] == [parent.sandbox_id]


OWNER = """
import asyncio
from claudebox_rl.sandbox.local import LocalSandbox

async def main():
    parent = LocalSandbox()
    await parent.start()
    await parent.exec(["sh", "-c", "echo x > file; mkdir shut; echo y > shut/in; chmod 0 shut"])
    forks = await parent.fork(2)
    await forks[0].exec(["rm", "file"])
    await forks[0].fork(1)
    print("up", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_kill_9_of_the_owner_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    path = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        env={**os.environ, "CLAUDEBOX_HOME": str(tmp_path), "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == "up\n"
        finally:
            owner.kill()
    assert len(journal.records()) == 6
    reaper.reap()
    assert not [path for path in journal.machines_dir().iterdir() if path.is_dir()]


@pytest.mark.slow
@ROOT_ONLY
def test_all_of_this_as_an_ordinary_user() -> None:
    run_tests("tests/sandbox/test_local_fork.py", "-x")
