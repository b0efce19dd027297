"""Files that a task names, carried from the agent's machine to the verifier's; no name is opened on this host."""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.session.final_state.capture import MOST_BYTES
from claudebox_rl.session.final_state.listing import MOST_PATH_BYTES, check_ended
from claudebox_rl.session.final_state.members import Member, unpack_members
from claudebox_rl.session.final_state.put import put
from claudebox_rl.tasks import Artifact, CollectCommand

log = logging.getLogger(__name__)
_TIMEOUT_S = 120.0


class Taken(NamedTuple):
    """An artifact as it was."""

    folder: str
    """Absolute, above it."""
    name: bytes
    members: list[Member]
    """Below the folder."""


async def collect(sandbox: Sandbox, commands: Iterable[CollectCommand], cwd: str) -> None:
    """Run a task's commands in the agent's machine; as in Harbor, one that fails is only told.

    Raises:
        SandboxUnavailableError: The machine is gone.
    """
    for command in commands:
        argv = ["sh", "-c", command.command]
        run = await sandbox.exec(argv, cwd=cwd, timeout_s=command.timeout_s, user=command.user)
        if run.exit_code != 0:
            said = run.stderr[-500:].decode("utf-8", "replace")
            log.warning("a collect command ended with exit code %d: %s", run.exit_code, said)


async def take_artifacts(sandbox: Sandbox, artifacts: Iterable[Artifact]) -> list[Taken]:
    """Read artifacts; as in Harbor, what is not there is left out, and so is what can't be carried (logged).

    Raises:
        SandboxError: The machine does not let a command come to its end.
        SandboxUnavailableError: The machine is gone.
    """
    return [taken for artifact in artifacts if (taken := await _take(sandbox, artifact)) is not None]


async def _take(sandbox: Sandbox, artifact: Artifact) -> Taken | None:
    path = PurePosixPath(artifact.path)
    exclude = [f"--exclude={pattern}" for pattern in artifact.exclude]
    argv = ["tar", *exclude, "--hard-dereference", "-cf", "-", "--", f"./{path.name}"]
    run = await sandbox.exec(argv, cwd=str(path.parent), timeout_s=_TIMEOUT_S, output_cap_bytes=MOST_BYTES)
    check_ended(run, f"reading artifact {path}")
    if run.truncated:
        log.warning("artifact %s is left out: it holds more than %d MiB", path, MOST_BYTES >> 20)
        return None
    if run.exit_code not in (0, 1):  # it is not there, or parts of it can't be read
        log.info("artifact %s is not there whole: %s", path, run.stderr[-500:].decode("utf-8", "replace"))
    try:
        members = [member for member in unpack_members(run.stdout) if len(member.path) <= MOST_PATH_BYTES]
    except (tarfile.TarError, ValueError, OSError) as error:
        log.warning("artifact %s is left out, since it can't be read: %s", path, error)
        return None
    members.sort(key=lambda member: member.path)
    return Taken(str(path.parent), path.name.encode(), members) if members else None


async def put_artifacts(sandbox: Sandbox, taken: Iterable[Taken]) -> None:
    """Put artifacts where they were.

    Raises:
        ValueError: A path leaves its artifact.
        SandboxError: The machine does not take one.
    """
    for folder, name, members in taken:
        if any(member.path.split(b"/")[0] != name for member in members):
            raise ValueError(f"artifact {folder}/{name.decode()} holds paths that are not below it")
        made = await sandbox.exec(["mkdir", "-p", "--", sandbox.root + folder], timeout_s=_TIMEOUT_S, cwd="/tmp")
        if made.exit_code != 0:
            raise SandboxError(f"{folder} can't be made in sandbox={sandbox.name}: only its own folders are writable")
        await put(sandbox, folder, [name], members)
