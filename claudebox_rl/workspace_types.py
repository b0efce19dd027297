"""What an episode left in its workspace, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FileKind = Literal["text", "blob", "archive", "symlink", "folder", "deleted", "left_out"]


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """One path of the workspace that is not as the task had it."""

    path: str
    """Below the working directory, as `git` writes it: in C's quotes where it is no plain UTF-8. Never to be opened."""
    mode: int
    """Permission bits; of what was deleted, 0."""
    size: int
    """Bytes; of what was deleted or is a folder, 0."""
    sha256: str | None
    """Of the content, in hexadecimal; None where there is none, or it was not read."""
    kind: FileKind
    """`text`: in the diff; `blob`: in the blob folder; `archive`: likewise, a tar of what changed below; `symlink`,
    `folder`, `deleted`; `left_out`: changed, but its content is not stored."""
    target: str | None = None
    """Where a symlink leads, written as a path."""


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """The final state of a workspace against the task's files."""

    diff: str = ""
    """Unified, as `git apply` takes it."""
    files: tuple[WorkspaceFile, ...] = ()
    """By path."""
    num_left_out: int = 0
    """Changed paths that are not stored, at least; 0: the state is whole."""
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes], repr=False)
    """Contents by their SHA-256."""
