"""What lies in a working directory, listed in one command: names, kinds and times, no contents."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.spec import ExecResult

log = logging.getLogger(__name__)

CACHES = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
"""Folders that are no state: whatever wrote them writes them again."""
LISTING_CAP_BYTES = 16 << 20
TIMEOUT_S = 120.0
MOST_PATH_BYTES = 4_000
"""Of a path below the working directory: no command takes a longer one by its name (PATH_MAX is 4096)."""
_FIELDS = "%y|%m|%s|%T@|%C@ %i|%p"
_SIGNALLED = 128
_OPEN = """
for folder do
  [ -d "$folder" ] || rm -f -- "$folder"
  mkdir -p -- "$folder" || exit 1
  { [ -r "$folder" ] && [ -x "$folder" ]; } || chmod u+rx -- "$folder" || exit 1
done
"""
_NAMED = 'exec find "$@" -maxdepth 0 -printf "$0"'


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

    @property
    def is_shut(self) -> bool:
        """Whether it is a folder whose owner can't look into it."""
        return self.kind == "d" and self.mode & 0o500 != 0o500

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
                return entry.is_shut
            above = above.rpartition(b"/")[0]
        return False


async def open_workdir(sandbox: Sandbox, workdir: str) -> None:
    """Let commands into a working directory again that the agent shut, removed or replaced; a link to one is one.

    Raises:
        SandboxUnavailableError: The machine is gone.
    """
    parts = workdir.strip("/").split("/")
    folders = [f"{sandbox.root}/{'/'.join(parts[:depth])}" for depth in range(1, len(parts) + 1)]
    opened = await sandbox.exec(["sh", "-c", _OPEN, "sh", *folders], cwd="/", timeout_s=TIMEOUT_S)
    if opened.exit_code != 0:
        log.warning("there is no way into %s: %s", workdir, opened.stderr[-200:].decode("utf-8", "replace"))


async def list_files(sandbox: Sandbox, workdir: str) -> Listing | None:
    """List what is below a working directory; None where that can't be seen. No link is followed.

    Raises:
        SandboxUnavailableError: The machine is gone.
        SandboxError: It took too long, or was killed.
        ValueError: What it tells is no listing.
    """
    if not sandbox.capabilities().shell:
        return None
    skip = [word for folder in CACHES for word in ("-o", "-name", folder)][1:]
    argv = ["find", ".", "-xdev", "-mindepth", "1", "-type", "d", "(", *skip, ")", "-prune", "-o", "-printf"]
    run = await sandbox.exec([*argv, _format()], cwd=workdir, timeout_s=TIMEOUT_S, output_cap_bytes=LISTING_CAP_BYTES)
    check_ended(run, f"listing {workdir}")
    # A folder that can't be read gives 1, with everything else listed.
    if not run.truncated and (run.exit_code not in (0, 1) or (run.exit_code == 1 and not run.stdout)):
        log.warning("the files of %s can't be listed: %s", workdir, run.stderr[-200:].decode("utf-8", "replace"))
        return None
    return Listing(await asyncio.to_thread(_entries, run.stdout), run.truncated, run.exit_code == 1)


async def list_named(sandbox: Sandbox, workdir: str, paths: Iterable[bytes]) -> dict[bytes, Entry]:
    """Look for paths below a working directory, where there is too much to list all; no link is followed.

    Raises:
        SandboxError, ValueError: As `list_files`.
    """
    names = b"".join(b"./" + path + b"\0" for path in paths)
    argv = ["xargs", "-0", "-r", "sh", "-c", _NAMED, _format()]
    run = await sandbox.exec(argv, stdin=names, cwd=workdir, timeout_s=TIMEOUT_S, output_cap_bytes=LISTING_CAP_BYTES)
    check_ended(run, f"listing {workdir}")
    found = await asyncio.to_thread(_entries, run.stdout)
    # Names are looked up through links on their way: what lies behind one is not below the folder.
    return {path: entry for path, entry in found.items() if all(found[up].kind == "d" for up in _above(path, found))}


def check_ended(run: ExecResult, what: str) -> None:
    """Refuse what a command told that the machine did not let come to its end.

    Raises:
        SandboxError: It ran out of time, or was killed, and not for telling too much.
    """
    if not run.truncated and (run.timed_out or run.exit_code > _SIGNALLED):
        raise SandboxError(f"{what} " + ("took too long" if run.timed_out else "was killed"))


def _above(path: bytes, known: dict[bytes, Entry]) -> list[bytes]:
    parts = path.split(b"/")
    return [up for depth in range(1, len(parts)) if (up := b"/".join(parts[:depth])) in known]


def _format() -> str:
    return rf"{_FIELDS}\0%l\0"


def _entries(output: bytes) -> dict[bytes, Entry]:
    words = output.split(b"\0")
    entries: dict[bytes, Entry] = {}
    for facts, target in zip(words[0:-1:2], words[1:-1:2], strict=False):
        fields = facts.split(b"|", 5)
        if len(fields) == 6:
            kind, mode, size, modified, changed, name = fields
            path = name.removeprefix(b"./")
            check_path(path)
            entries[path] = Entry(kind.decode(), int(mode, 8), int(size), modified, changed, target)
    return entries


def check_path(path: bytes) -> None:
    """Refuse a path that is none below its folder: the machine that tells it may lie.

    Raises:
        ValueError: It leads elsewhere.
    """
    if not path or path.startswith(b"/") or b".." in path.split(b"/"):
        raise ValueError(f"{path!r} is no path below the working directory")
