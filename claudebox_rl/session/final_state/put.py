"""What changed in one machine's workspace, put into another machine that holds the task's files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.session.final_state.listing import check_path
from claudebox_rl.session.final_state.members import Member, pack_members

_TIMEOUT_S = 600.0
_REMOVE = ("xargs", "-0", "-r", "rm", "-rf", "--")
_CLEAR = (
    "xargs",
    "-0",
    "-r",
    "sh",
    "-c",
    'for path do [ -d "$path" ] && [ ! -L "$path" ] || rm -f -- "$path"; done',
    "sh",
)
"""Nothing but a folder stays where one comes: through a link, what lies elsewhere would be removed."""
_EXTRACT = ("tar", "-xpmf", "-", "--no-same-owner", "--numeric-owner")
"""Files get the present time: none is stored, and some tools take none before 1980."""


async def put(sandbox: Sandbox, workdir: str, gone: Iterable[bytes], members: Sequence[Member]) -> None:
    """Make a workspace what another one was. Links are made as links, and nothing is written through one.

    Args:
        sandbox: Holds the task's files.
        workdir: Where.
        gone: Paths to remove, with all below.
        members: What is there instead; a path comes after those above it.

    Raises:
        ValueError: A path leaves the folder, or leads through a link that is a member too.
        SandboxError: The machine does not take it.
    """
    _check(members)
    folders = sorted(member.path for member in members if member.is_folder)
    # A file takes the place of whatever was there; a folder may be there already, with what is in it.
    removed = sorted({*gone, *(member.path for member in members if not member.is_folder)})
    for path in removed:
        check_path(path)
    for argv, paths in ((_CLEAR, folders), (_REMOVE, removed)):
        if paths:
            await _run(sandbox, argv, b"".join(b"./" + path + b"\0" for path in paths), workdir)
    if members:
        await _run(sandbox, _EXTRACT, await asyncio.to_thread(pack_members, members), workdir)


def _check(members: Sequence[Member]) -> None:
    solid = {member.path for member in members if not member.is_folder}
    fine = {b""}
    for member in members:
        check_path(member.path)
        above = member.path.rpartition(b"/")[0]
        while above not in fine:
            if above in solid:
                raise ValueError(f"{member.path!r} lies below what is no folder")
            fine.add(above)
            above = above.rpartition(b"/")[0]


async def _run(sandbox: Sandbox, argv: Sequence[str], stdin: bytes, workdir: str) -> None:
    run = await sandbox.exec(argv, stdin=stdin, cwd=workdir, timeout_s=_TIMEOUT_S)
    if run.exit_code != 0:
        detail = (run.stderr + run.stdout)[-500:].decode("utf-8", "replace").strip()
        raise SandboxError(f"a final state can't be put in place: {detail or 'it took too long'}")
