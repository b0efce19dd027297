"""Which paths a policy lets the agent's own tools read and write."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from claudebox_rl.session.security.policy import SecurityPolicy

HOME = "/home/agent"
_WILD = frozenset("*?[{")
_BRACED = re.compile(r"\{[^}]*/|[{,]\.[,}.]")
"""Alternatives that may be paths of their own, or put together to `..`."""


@dataclass(frozen=True, slots=True)
class PathRules:
    """Folders, with what lies below them; None: all."""

    readable: tuple[str, ...] | None
    writable: tuple[str, ...] | None
    blocked: tuple[str, ...]
    words: str
    """Names the policy's field."""

    @classmethod
    def of(cls, policy: SecurityPolicy, workspace: Iterable[str], readable: Iterable[str], root: str = "") -> PathRules:
        """Return a policy's rules.

        Args:
            policy: The policy.
            workspace: Folders that are the agent's workspace.
            readable: What the agent needs to read beside it: the skills' folders.
            root: Prefix under which the agent sees the sandbox's folders (`Sandbox.root`).
        """
        allowed, blocked = _seen(policy.allowed_paths, root), _seen(policy.blocked_paths, root)
        workspace, readable = _seen(workspace, root), _seen(readable, root)
        words = f"file_system={policy.file_system}"
        if policy.file_system == "workspace_only":
            roots = (*workspace, *allowed)
            return cls((*roots, *readable), roots, blocked, words)
        if allowed:
            words = f"allowed_paths={', '.join(policy.allowed_paths)}"
        within = (*allowed, *readable) if allowed else None
        writable = () if policy.file_system == "readonly" else (allowed or None)
        return cls(within, writable, blocked, words)

    def are_free(self, *, writes: bool) -> bool:
        """Say whether every path is as good as another."""
        return (self.writable if writes else self.readable) is None and not self.blocked

    def broken_by(self, path: str, *, writes: bool, below: bool = False) -> str | None:
        """Return what a use of a path would break; None: nothing.

        Args:
            path: Absolute and normalised.
            writes: Whether it changes what is there.
            below: Whether all that lies below is used too.
        """
        for blocked in self.blocked:
            if _lies_in(path, blocked) or (below and _lies_in(blocked, path)):
                return f"blocked_paths: {path} is {'or holds ' if below else ''}in {blocked}"
        if writes and self.writable == ():
            return f"{self.words}: nothing may be written"
        within = self.writable if writes else self.readable
        if within is not None and not any(_lies_in(path, folder) for folder in within):
            return f"{self.words}: {path} is not in {', '.join(within)}"
        return None


def absolute(path: str, cwd: str) -> str:
    """Return a path as the agent's tools take it, absolute and without `.` and `..`."""
    if path == "~" or path.startswith("~/"):
        path = HOME + path[1:]
    joined = posixpath.normpath(posixpath.join(cwd, path))
    return "/" + joined.lstrip("/")


def fixed_part(pattern: str) -> str | None:
    """Return the folder in which a pattern of files begins, empty for where it is used; None: it can't be told."""
    parts = pattern.split("/")
    wild = next((index for index, part in enumerate(parts) if _WILD & set(part)), len(parts))
    rest = "/".join(parts[wild:])
    if ".." in rest or _BRACED.search(pattern):
        return None
    fixed = "/".join(parts[:wild])
    return "/" if not fixed and pattern.startswith("/") else fixed


def _seen(paths: Iterable[str], root: str) -> tuple[str, ...]:
    """Return paths as they are, and below a root where there is one."""
    paths = tuple(paths)
    return (*paths, *(root + path for path in paths if not path.startswith(f"{root}/"))) if root else paths


def _lies_in(path: str, folder: str) -> bool:
    folder = posixpath.normpath(folder)
    return path == folder or path.startswith(folder.rstrip("/") + "/")
