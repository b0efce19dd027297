"""Forks: the same files, and nothing shared afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.testing.sandbox_lab import Lab, NotHereError, check, expect, in_shell, refused

_BINARY = bytes(range(256)) * 40
_TREE = """
cd "$1" && mkdir -p deep/er empty && printf x > deep/er/file && chmod 750 deep/er/file && ln -s er/file deep/link &&
ln -s /etc/passwd deep/out && ln deep/er/file deep/second && printf y > 'odd \\ name' &&
mkdir shut && printf z > shut/in && chmod 0 shut
"""
_LOOK = """
cd "$1" || exit; ls -A; stat -c %a deep/er/file shut; readlink deep/link deep/out; cat deep/er/file 'odd \\ name'
chmod 700 shut && cat shut/in
"""
_WRITER = """
cd "$1" && i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i > other-$i; done
i=0; while :; do
  i=$((i+1)); for k in 0 1 2 3 4 5 6 7 8 9; do echo $i > round-$k; done; [ $i != 1 ] || echo ready; sleep 0.01
done
"""


@asynccontextmanager
async def _forked(sandbox: Sandbox, n: int = 1) -> AsyncGenerator[tuple[Sandbox, ...]]:
    forks = await sandbox.fork(n)
    try:
        yield forks
    finally:
        await asyncio.gather(*(fork.stop() for fork in forks))


@check()
async def fork_has_the_same_files(lab: Lab) -> None:
    """Each of `n` forks holds the files of every writable folder, in a running machine with a name of its own."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    places = [f"{spot}/a/binary", "/tests/fork", "/solution/fork", "/logs/fork"]
    for place in places:
        await sandbox.write_file(place, _BINARY)
    async with _forked(sandbox, 2) as forks:
        expect(len({sandbox.sandbox_id, *(fork.sandbox_id for fork in forks)}) == 3, "three names", forks)
        for fork in forks:
            for place in places:
                expect(await fork.read_file(place) == _BINARY, f"the same {place}")
            expect((await fork.exec(["true"])).exit_code == 0, "a machine that runs commands")


@check()
async def forks_share_nothing(lab: Lab) -> None:
    """What is written or replaced in a fork, its parent or its sibling stays there, and each outlives the others."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/kept", b"old")
    one, other = await sandbox.fork(2)
    try:
        await one.write_file(f"{spot}/kept", b"one's")
        await one.write_file(f"{spot}/new", b"one's")
        await sandbox.write_file(f"{spot}/later", b"the parent's")
        expect(await sandbox.read_file(f"{spot}/kept") == b"old", "the parent's file as it was")
        expect(await other.read_file(f"{spot}/kept") == b"old", "the sibling's file as it was")
        for machine, path in ((sandbox, "new"), (other, "new"), (one, "later")):
            with refused(FileNotFoundError):
                await machine.read_file(f"{spot}/{path}")
        await one.stop()
        expect(await other.read_file(f"{spot}/kept") == b"old", "the sibling's file after the other's end")
    finally:
        await asyncio.gather(one.stop(), other.stop())
    expect(await sandbox.read_file(f"{spot}/kept") == b"old", "the parent's file after its forks' end")


@check("shell")
async def fork_keeps_modes_links_and_locked_folders(lab: Lab) -> None:
    """Modes, symbolic links, second names, odd names, empty and locked folders are in the fork as in the parent."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    made = await sandbox.exec(in_shell(_TREE, sandbox.root + spot))
    expect(made.exit_code == 0, "the tree", made)
    async with _forked(sandbox) as (fork,):
        seen = await fork.exec(in_shell(_LOOK, fork.root + spot))
    wanted = b".here\ndeep\nempty\nodd \\ name\nshut\n750\n0\ner/file\n/etc/passwd\nxyz"
    expect(seen.stdout == wanted, "the tree as it was", seen)


@check("shell")
async def fork_of_a_fork_knows_what_was_deleted(lab: Lab) -> None:
    """A fork's fork holds its changes: what it deleted is not back, what it replaced is new."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    for name in ("gone", "folder/gone", "folder/kept", "replaced"):
        await sandbox.write_file(f"{spot}/{name}", b"old")
    async with _forked(sandbox) as (fork,):
        script = 'cd "$1" && rm gone && rm -r folder && mkdir folder && echo new > folder/new && echo new > replaced'
        await fork.exec(in_shell(script, fork.root + spot))
        async with _forked(fork) as (second,):
            seen = await second.exec(in_shell('cd "$1" && find . -type f | sort && cat replaced', second.root + spot))
    expect(seen.stdout == b"./.here\n./folder/new\n./replaced\nnew\n", "the fork's own state", seen)


@check("shell", "isolation")
async def fork_copies_no_processes(lab: Lab) -> None:
    """No process is in a fork, and the parent's go on after it."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    script = 'cd "$1" && (while :; do echo beat >> beats; sleep 0.05; done) > /dev/null 2>&1 &'
    await sandbox.exec(in_shell(script, sandbox.root + spot))
    async with _forked(sandbox) as (fork,):
        before = await fork.exec(in_shell('wc -c < "$1/beats"', fork.root + spot))
        at_fork = await sandbox.read_file(f"{spot}/beats")

        async def goes_on() -> bool:
            return await sandbox.read_file(f"{spot}/beats") > at_fork

        await lab.until("the parent's process to go on", goes_on)
        after = await fork.exec(in_shell('wc -c < "$1/beats"', fork.root + spot))
    expect(before.stdout == after.stdout, "no process that writes in the fork", (before, after))
    await lab.renew()


@check("shell", "isolation")
async def fork_is_of_one_moment(lab: Lab) -> None:
    """A fork made while commands write holds a state that the parent was in: no later write without the earlier."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    async with await sandbox.open_exec(in_shell(_WRITER, sandbox.root + spot)) as writer:
        async for _ in writer:
            break
        async with _forked(sandbox) as (fork,):
            seen = await fork.exec(in_shell('cd "$1" && cat round-*', fork.root + spot))
    # A writer that is held still in the middle of `> file` leaves that file empty.
    rounds = [int(line) for line in seen.stdout.split()]
    expect(len(rounds) >= 9 and max(rounds) - min(rounds) <= 1, "files of one round, or of two neighbours", rounds)
    expect(rounds == sorted(rounds, reverse=True), "later writes only after the earlier ones", rounds)


@check()
async def fork_of_a_host_workspace_is_its_own(lab: Lab) -> None:
    """A fork of a workspace on the host has its files, and leaves the host's folder alone."""
    folder = lab.folder()
    try:
        parent = lab.fresh(workspace=folder)
        sandbox = await parent.__aenter__()
    except ConfigError as error:
        raise NotHereError(f"it takes no workspace of the host: {error}") from error
    try:
        await sandbox.write_file("/workspace/file", b"old")
        async with _forked(sandbox) as (fork,):
            expect(await fork.read_file("/workspace/file") == b"old", "the same file")
            await fork.write_file("/workspace/file", b"new")
            await fork.write_file("/workspace/other", b"new")
        expect({path.name: path.read_bytes() for path in folder.iterdir()} == {"file": b"old"}, "the host's folder")
    finally:
        await parent.__aexit__(None, None, None)


@check()
async def fork_of_nothing_is_refused(lab: Lab) -> None:
    """`fork` of fewer than one raises ConfigError."""
    sandbox = await lab.sandbox()
    for n in (0, -1):
        with refused(ConfigError):
            await sandbox.fork(n)
