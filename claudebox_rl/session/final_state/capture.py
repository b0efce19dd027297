"""From a machine to the final state of its workspace: what is not as the task had it, read once, in one command."""

from __future__ import annotations

import asyncio
import logging
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from claudebox_rl.errors import ClaudeBoxError, SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.final_state.content import State
from claudebox_rl.session.final_state.listing import TIMEOUT_S, Entry, Listing, list_files
from claudebox_rl.session.final_state.members import Member, unpack_members
from claudebox_rl.tasks import Task
from claudebox_rl.workspace_types import WorkspaceState

log = logging.getLogger(__name__)

MAX_FILES = 5_000
"""Paths of one state that are stored."""
MAX_BYTES = 64 << 20
"""Of all their contents; the smallest are taken first."""
MOST_FILES = 50_000
"""Paths that are read from a machine at all."""
MOST_BYTES = 256 << 20
"""Of all their contents."""
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
    is_known: bool = True
    """Whether what is not listed was not there; else nothing is known, and all that is there counts as changed."""

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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in a workspace and not as the task had it, read once."""

    base: Base
    now: Listing
    changed: Mapping[bytes, Entry]
    """Devices, fifos and sockets among them."""
    contents: Mapping[bytes, bytes]
    """Of the changed files that could be read."""

    @property
    def gone(self) -> list[bytes]:
        """What is no longer there."""
        return sorted(self.base.listing.entries.keys() - self.now.entries.keys())

    def unread(self) -> list[bytes]:
        """Return the changed files and folders whose content was not seen: unreadable, or beyond the limits."""
        if self.now.is_cut:
            return [b"."]
        shut = self.now.is_partial
        return sorted(
            path
            for path, entry in self.changed.items()
            if (entry.kind == "f" and path not in self.contents) or (shut and entry.kind == "d" and _is_shut(entry))
        )

    def members(self) -> list[Member]:
        """Return what is to be put into another machine."""
        return [
            Member(path, entry.mode, self.contents.get(path), entry.target)
            for path, entry in sorted(self.changed.items())
            if entry.kind in ("d", "l") or path in self.contents
        ]

    def state(self) -> WorkspaceState:
        """Return it as it is stored, within the limits of that; takes a while."""
        state = State(self.base.listing.entries, self.base.files)
        state.gone(self.gone, self.now)
        wanted = _within_limits(self.changed, MAX_FILES, MAX_BYTES)
        for path in sorted(self.changed.keys() - wanted):
            state.left_out(path, self.changed[path])
        contents = {path: self.contents[path] for path in wanted & self.contents.keys()}
        return state.store({path: self.changed[path] for path in sorted(wanted)}, contents)


async def take_snapshot(sandbox: Sandbox, base: Base) -> Snapshot:
    """Read what is in the workspace now against `base`.

    Names and links are taken as data: nothing of them is opened or followed on this host.

    Raises:
        SandboxError: It can't be seen.
        ValueError: What the machine tells is no listing.
    """
    now = await list_files(sandbox, base.workdir)
    if now is None:
        raise SandboxError(f"the files of {base.workdir} can't be listed")
    changed = {path: entry for path, entry in now.entries.items() if not _is_untouched(path, entry, base)}
    wanted = sorted(path for path in _within_limits(changed, MOST_FILES, MOST_BYTES) if changed[path].kind == "f")
    return Snapshot(base, now, changed, await _contents(sandbox, base.workdir, wanted))


async def stored_form(snapshot: Snapshot) -> WorkspaceState | None:
    """Return a snapshot as it is stored; None where the task's own files can't be read (logged)."""
    try:
        return await asyncio.to_thread(snapshot.state)
    except (OSError, ValueError) as error:
        log.warning("the final state of this episode is not stored: %s", error)
        return None


def _is_untouched(path: bytes, entry: Entry, base: Base) -> bool:
    before = base.listing.entries.get(path)
    return before is not None and entry.is_as(before, is_exact=base.is_exact)


def _is_shut(entry: Entry) -> bool:
    return entry.mode & 0o500 != 0o500


def _within_limits(changed: Mapping[bytes, Entry], most_files: int, most_bytes: int) -> set[bytes]:
    """Return the paths that can be stored and fit, the smallest first."""
    room, fits = most_bytes, set[bytes]()
    for path, entry in sorted(changed.items(), key=lambda each: (each[1].kind == "f" and each[1].size, each[0])):
        size = max(0, entry.size) if entry.kind == "f" else 0
        if entry.kind in ("f", "d", "l") and len(fits) < most_files and size <= room:
            room -= size
            fits.add(path)
    return fits


async def _contents(sandbox: Sandbox, workdir: str, paths: list[bytes]) -> dict[bytes, bytes]:
    """Read regular files; those that can't be read, or became something else meanwhile, are not in what is returned."""
    if not paths:
        return {}
    names = b"".join(b"./" + path + b"\0" for path in paths)
    cap = MOST_BYTES + _ROOM_FOR_HEADERS * len(paths)
    read = await sandbox.exec(_TAR, stdin=names, cwd=workdir, timeout_s=TIMEOUT_S, output_cap_bytes=cap)
    return await asyncio.to_thread(_unpack, read.stdout, frozenset(paths))


def _unpack(archive: bytes, wanted: frozenset[bytes]) -> dict[bytes, bytes]:
    contents: dict[bytes, bytes] = {}
    try:
        for member in unpack_members(archive):
            if member.content is not None and member.path in wanted:
                contents[member.path] = member.content
    except (tarfile.TarError, ValueError, OSError) as error:
        log.warning("not all files of the workspace could be read: %s", error)  # it timed out, or grew beyond the cap
    return contents
