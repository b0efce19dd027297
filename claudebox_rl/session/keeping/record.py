"""What is kept of a session beside its workspace: one JSON file, replaced as a whole."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from claudebox_rl.errors import WorkspaceError, boundary
from claudebox_rl.session_types import SessionMetadata

VERSION = 1


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """The content of `session.json`."""

    metadata: SessionMetadata
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the session was made with, as arguments of `ClaudeBox`; JSON, no secrets."""
    conversation_id: str = ""
    """Of the agent's program; it came from inside, so it is not to be trusted."""
    is_prepared: bool = False
    """The task's files are in the workspace."""
    is_ended: bool = True
    """The last machine was stopped by its owner."""


def read_record(path: Path) -> SessionRecord:
    """Read a session's file.

    Raises:
        FileNotFoundError: There is none.
        WorkspaceError: It can't be understood.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        if content.pop("version") != VERSION:
            raise WorkspaceError(f"{path} was written by another version of claudebox_rl")
        metadata = SessionMetadata(**content.pop("metadata"))
        return SessionRecord(metadata, **content)
    except (OSError, WorkspaceError) as error:
        if isinstance(error, FileNotFoundError | WorkspaceError):
            raise
        raise WorkspaceError(f"can't read {path}: {error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WorkspaceError(f"{path} is no session's file: {error}") from error


def write_record(path: Path, record: SessionRecord) -> None:
    """Write a session's file: a reader, and a crash at any moment, see the old or the new one.

    Raises:
        WorkspaceError: It can't be written.
    """
    partial = path.with_suffix(".partial")
    with boundary(WorkspaceError, f"can't write {path}"):
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w") as stream:
            json.dump({"version": VERSION, **asdict(record)}, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
