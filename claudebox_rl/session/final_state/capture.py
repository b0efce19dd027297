"""From a machine to the final state of its workspace: what is not as the task had it, read once, in one command."""

from __future__ import annotations

import asyncio
import logging
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from claudebox_rl.errors import ClaudeBoxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.final_state.content import State, archive_of
from claudebox_rl.session.final_state.listing import (
    MOST_PATH_BYTES,
    TIMEOUT_S,
    Entry,
    Listing,
    check_ended,
    list_files,
    list_named,
)
from claudebox_rl.session.final_state.members import Member, unpack_members
from claudebox_rl.tasks import Task
from claudebox_rl.workspace_types import WorkspaceState

log = logging.getLogger(__name__)

MAX_FILES = 5_000
"""Paths of one state that are stored."""
MAX_BYTES = 64 << 20
"""Of all their contents."""
MOST_FILES = 50_000
"""Paths that are carried to another machine."""
MOST_BYTES = 256 << 20
"""Of all their contents."""
_HEADERS = 2 << 10
"""Bytes that a tar has for a file at most, beside its content and twice its name."""
_UNREADABLE = ~0o444
_CARRIED = frozenset({"f", "d", "l"})
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
    carried: frozenset[bytes]
    """Of the changed paths, those that are put into another machine."""
    contents: Mapping[bytes, bytes]
    """Of the changed files that could be read."""

    @property
    def gone(self) -> list[bytes]:
        """What the task had and is no file, folder or link now."""
        now = self.now.entries
        return sorted(path for path in self.base.listing.entries if path not in now or now[path].kind not in _CARRIED)

    def members(self) -> list[Member]:
        """Return what is to be put into another machine.

        A file whose content was not read stands there all the same, empty and unreadable: what a task forbids to change
        is not as it was for having been shut.
        """
        return [self._member(path, self.changed[path]) for path in sorted(self.carried)]

    def _member(self, path: bytes, entry: Entry) -> Member:
        if entry.kind == "f" and path not in self.contents:
            return Member(path, entry.mode & _UNREADABLE, b"")
        return Member(path, entry.mode, self.contents.get(path), entry.target)

    def left_out(self) -> list[bytes]:
        """Return what is not whole in `members`: unreadable, beyond the limits, or no file, folder or link.

        Where not all was seen, `.` is among them.
        """
        missing = [
            path
            for path, entry in self.changed.items()
            if path not in self.carried or (entry.kind == "f" and path not in self.contents) or entry.is_shut
        ]
        return sorted([*missing, *([b"."] if self.now.is_cut else [])])

    def state(self) -> WorkspaceState:
        """Return it as it is stored, within the limits of that; takes a while."""
        state = State(self.base.listing.entries, self.base.files)
        state.gone(self.base.listing.entries.keys() - self.now.entries.keys(), self.now)
        wanted = _within_limits(self.changed, self.base, MAX_FILES, MAX_BYTES)
        for path in sorted(self.changed.keys() - wanted):
            state.left_out(path, self.changed[path])
        contents = {path: self.contents[path] for path in wanted & self.contents.keys()}
        return state.store({path: self.changed[path] for path in sorted(wanted)}, contents)


async def take_snapshot(sandbox: Sandbox, base: Base) -> Snapshot:
    """Read what is in the workspace now against `base`.

    Names and links are taken as data: nothing of them is opened or followed on this host. Whatever the agent left is a
    final state: what can't be seen of it is told to be left out, and never an error that would spare it a verdict.

    Raises:
        SandboxUnavailableError: The machine is gone.
        SandboxError: It does not let a command come to its end.
    """
    now = await _final_listing(sandbox, base)
    taken = await asyncio.to_thread(_without_contents, base, now)
    within = await asyncio.to_thread(_within_limits, taken.changed, base, MOST_FILES, MOST_BYTES)
    wanted = sorted(path for path in within if taken.changed[path].kind == "f")
    return replace(taken, contents=await _contents(sandbox, base.workdir, wanted))


def _without_contents(base: Base, now: Listing) -> Snapshot:
    changed = {path: entry for path, entry in now.entries.items() if not _is_untouched(path, entry, base)}
    return Snapshot(base, now, changed, frozenset(_within_limits(changed, base, MOST_FILES, None)), {})


async def _final_listing(sandbox: Sandbox, base: Base) -> Listing:
    """List the workspace; of too much, or of what can't be seen any more, at least what the task had."""
    try:
        listing = await list_files(sandbox, base.workdir)
        if listing is None:
            return Listing({}, is_cut=True)
        if not listing.is_cut:
            return listing
        own = await list_named(sandbox, base.workdir, base.listing.entries)
    except ValueError as error:
        log.warning("what the machine tells of %s is no listing: %s", base.workdir, error)
        return Listing({}, is_cut=True)
    return Listing(own | listing.entries, is_cut=True)


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


def _within_limits(changed: Mapping[bytes, Entry], base: Base, most_files: int, most_bytes: int | None) -> set[bytes]:
    """Return the paths that can be carried and fit: the task's own first, then what no tool fills, the smallest first.

    Args:
        changed: All of them.
        base: Says which are the task's own.
        most_files: Paths.
        most_bytes: Of the contents; None: they don't matter.
    """

    def order(item: tuple[bytes, Entry]) -> tuple[bool, bool, int, bytes]:
        path, entry = item
        return path not in base.listing.entries, archive_of(path) is not None, _size(entry), path

    room, fits = most_bytes, set[bytes]()
    for path, entry in sorted(changed.items(), key=order):
        size = 0 if room is None else _size(entry)
        if entry.kind not in _CARRIED or len(path) > MOST_PATH_BYTES:
            continue
        if len(fits) < most_files and (room is None or size <= room):
            room = None if room is None else room - size
            fits.add(path)
    return fits


def _size(entry: Entry) -> int:
    return max(0, entry.size) if entry.kind == "f" else 0


async def _contents(sandbox: Sandbox, workdir: str, paths: list[bytes]) -> dict[bytes, bytes]:
    """Read regular files; those that can't be read, or became something else meanwhile, are not in what is returned."""
    if not paths:
        return {}
    names = b"".join(b"./" + path + b"\0" for path in paths)
    cap = MOST_BYTES + 2 * len(names) + _HEADERS * len(paths)
    read = await sandbox.exec(_TAR, stdin=names, cwd=workdir, timeout_s=TIMEOUT_S, output_cap_bytes=cap)
    check_ended(read, f"reading the files of {workdir}")
    return await asyncio.to_thread(_unpack, read.stdout, frozenset(paths))


def _unpack(archive: bytes, wanted: frozenset[bytes]) -> dict[bytes, bytes]:
    contents: dict[bytes, bytes] = {}
    try:
        for member in unpack_members(archive):
            if member.content is not None and member.path in wanted:
                contents[member.path] = member.content
    except (tarfile.TarError, ValueError, OSError) as error:
        log.warning("not all files of the workspace could be read: %s", error)  # one grew meanwhile
    return contents
