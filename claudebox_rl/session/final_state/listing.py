"""What lies in a working directory, listed in one command: names, kinds and times, no contents."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from claudebox_rl.sandbox import Sandbox

log = logging.getLogger(__name__)

CACHES = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
"""Folders that are no state: whatever wrote them writes them again."""
LISTING_CAP_BYTES = 16 << 20
TIMEOUT_S = 60.0
_FIELDS = "%y|%m|%s|%T@|%C@ %i|%P"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path."""

    kind: str
    """As `find` has it: `f`, `d`, `l`, or what can't be stored."""
    mode: int
    size: int
    modified: bytes
    changed: bytes
    """Time of the last change and number of the inode, which no command can set."""
    target: bytes
    """Of a link."""

    def is_as(self, other: Entry, *, is_exact: bool) -> bool:
        """Whether it is untouched; between machines (not `is_exact`) by the times that a copy keeps."""
        if self.kind != other.kind or self.mode != other.mode or self.target != other.target:
            return False
        if self.kind in ("d", "l"):
            return True
        return (self.size, self.modified) == (other.size, other.modified) and (
            not is_exact or self.changed == other.changed
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """The paths of a folder, as bytes, relative to it."""

    entries: dict[bytes, Entry]
    is_cut: bool = False
    """There are more: what is missing may be there."""
    is_partial: bool = False
    """There are folders that can't be read."""

    def hides(self, path: bytes) -> bool:
        """Whether a path that is not listed may be there all the same, in a folder that can't be read."""
        above = path.rpartition(b"/")[0]
        while above:
            entry = self.entries.get(above)
            if entry is not None:
                return entry.kind == "d" and entry.mode & 0o500 != 0o500
            above = above.rpartition(b"/")[0]
        return False


async def list_files(sandbox: Sandbox, workdir: str) -> Listing | None:
    """List what is below a working directory; None where that can't be seen. No link is followed.

    Raises:
        SandboxUnavailableError: The machine is gone.
        ValueError: What it tells is no listing.
    """
    if not sandbox.capabilities().shell:
        return None
    skip = [word for folder in CACHES for word in ("-o", "-name", folder)][1:]
    argv = ["find", ".", "-xdev", "-mindepth", "1", "-type", "d", "(", *skip, ")", "-prune", "-o", "-printf"]
    run = await sandbox.exec(
        [*argv, rf"{_FIELDS}\0%l\0"], cwd=workdir, timeout_s=TIMEOUT_S, output_cap_bytes=LISTING_CAP_BYTES
    )
    # A folder that can't be read gives 1, with everything else listed.
    if run.exit_code not in (0, 1) or run.timed_out or (run.exit_code == 1 and not run.stdout):
        log.warning("the files of %s can't be listed: %s", workdir, run.stderr[-200:].decode("utf-8", "replace"))
        return None
    return await asyncio.to_thread(_entries, run.stdout, run.truncated, run.exit_code == 1)


def _entries(output: bytes, is_cut: bool, is_partial: bool) -> Listing:
    words = output.split(b"\0")
    entries: dict[bytes, Entry] = {}
    for facts, target in zip(words[0:-1:2], words[1:-1:2], strict=False):
        fields = facts.split(b"|", 5)
        if len(fields) == 6:
            kind, mode, size, modified, changed, path = fields
            check_path(path)
            entries[path] = Entry(kind.decode(), int(mode, 8), int(size), modified, changed, target)
    return Listing(entries, is_cut, is_partial)


def check_path(path: bytes) -> None:
    """Refuse a path that is none below its folder: the machine that tells it may lie.

    Raises:
        ValueError: It leads elsewhere.
    """
    if not path or path.startswith(b"/") or b".." in path.split(b"/"):
        raise ValueError(f"{path!r} is no path below the working directory")
