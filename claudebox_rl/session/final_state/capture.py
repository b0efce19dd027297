"""From a machine to the final state of its workspace: what is not as the task had it, read once, in one command."""

from __future__ import annotations

import asyncio
import io
import logging
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from claudebox_rl.errors import ClaudeBoxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.final_state.content import State
from claudebox_rl.session.final_state.listing import TIMEOUT_S, Entry, Listing, list_files
from claudebox_rl.tasks import Task
from claudebox_rl.workspace_types import WorkspaceState

log = logging.getLogger(__name__)

MAX_FILES = 5_000
"""Paths of one state that are stored."""
MAX_BYTES = 64 << 20
"""Of all their contents; the smallest are taken first."""
_ROOM_FOR_HEADERS = 4 << 10
_TAR = ("tar", "--null", "--no-recursion", "--verbatim-files-from", "--hard-dereference", "-T", "-", "-cf", "-")


@dataclass(frozen=True, slots=True)
class Base:
    """The workspace as the task had it, against which the final state is told."""

    listing: Listing
    workdir: str
    files: Path | None
    """The task's own files on this host."""
    is_exact: bool = True
    """Taken in this very machine; a fork has other inodes."""

    def of_fork(self) -> Base:
        """Return it for a machine that is a fork of this one."""
        return replace(self, is_exact=False)


async def begin_state(sandbox: Sandbox, task: Task) -> Base | None:
    """Note what is in the workspace before the agent works; None where it can't be seen (logged). Never raises."""
    workdir = task.workdir or WORKSPACE
    try:
        listing = await list_files(sandbox, workdir)
    except (ClaudeBoxError, ValueError) as error:
        log.warning("the final state of this episode will not be stored: %s", error)
        return None
    return Base(listing, workdir, task.environment_files) if listing and not listing.is_cut else None


async def final_state(sandbox: Sandbox, base: Base | None) -> WorkspaceState | None:
    """Return what is in the workspace now against `base`; None where it can't be seen (logged). Never raises.

    Names and links are taken as data: nothing of them is opened or followed on this host.
    """
    if base is None:
        return None
    try:
        now = await list_files(sandbox, base.workdir)
        if now is None:
            return None
        changed = {path: entry for path, entry in now.entries.items() if not _is_untouched(path, entry, base)}
        state = State(base.listing.entries, base.files)
        state.gone(base.listing.entries.keys() - now.entries.keys(), now)
        wanted = _within_limits(changed, state)
        contents = await _contents(sandbox, base.workdir, [p for p in wanted if changed[p].kind == "f"])
        return await asyncio.to_thread(state.store, {path: changed[path] for path in wanted}, contents)
    except (ClaudeBoxError, OSError, ValueError) as error:
        log.warning("the final state of this episode is not stored: %s", error)
        return None


def _is_untouched(path: bytes, entry: Entry, base: Base) -> bool:
    before = base.listing.entries.get(path)
    return before is not None and entry.is_as(before, is_exact=base.is_exact)


def _within_limits(changed: Mapping[bytes, Entry], state: State) -> list[bytes]:
    """Return the paths that fit, and have the state tell of the others."""
    room, fits = MAX_BYTES, list[bytes]()
    for path, entry in sorted(changed.items(), key=lambda each: (each[1].kind == "f" and each[1].size, each[0])):
        size = max(0, entry.size) if entry.kind == "f" else 0
        if entry.kind not in ("f", "d", "l") or len(fits) >= MAX_FILES or size > room:
            state.left_out(path, entry)
            continue
        room -= size
        fits.append(path)
    return fits


async def _contents(sandbox: Sandbox, workdir: str, paths: list[bytes]) -> dict[bytes, bytes]:
    """Read regular files; those that can't be read, or became something else meanwhile, are not in what is returned."""
    if not paths:
        return {}
    names = b"".join(b"./" + path + b"\0" for path in paths)
    cap = MAX_BYTES + _ROOM_FOR_HEADERS * len(paths)
    read = await sandbox.exec(_TAR, stdin=names, cwd=workdir, timeout_s=TIMEOUT_S, output_cap_bytes=cap)
    return await asyncio.to_thread(_unpack, read.stdout, frozenset(paths))


def _unpack(archive: bytes, wanted: Iterable[bytes]) -> dict[bytes, bytes]:
    contents: dict[bytes, bytes] = {}
    try:
        # A stream is only read forward, so a member of negative size (CVE-2025-8194) can't lead back.
        with tarfile.open(
            fileobj=io.BytesIO(archive), mode="r|", encoding="utf-8", errors="surrogateescape"
        ) as members:
            for member in members:
                path = member.name.removeprefix("./").encode("utf-8", "surrogateescape")
                if member.isreg() and not member.issparse() and path in wanted:
                    file = members.extractfile(member)
                    contents[path] = file.read(MAX_BYTES) if file is not None else b""
    except (tarfile.TarError, ValueError, OSError) as error:
        log.warning("not all files of the workspace could be read: %s", error)  # it timed out, or grew beyond the cap
    return contents
