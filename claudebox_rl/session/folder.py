"""The host folder of a persistent session: `<home>/sessions/<session_id>/` with its workspace and its history."""

from __future__ import annotations

import fcntl
import json
import re
from pathlib import Path
from typing import IO, Any

from claudebox_rl._resources import home
from claudebox_rl.errors import ConfigError, SessionAlreadyExistsError, WorkspaceError

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class SessionFolder:
    """A session's folder, held by one process at a time through a lock that dies with it.

    Args:
        session_id: Letters, digits, `.`, `_` and `-`, at most 100.

    Raises:
        ConfigError: `session_id` is not such a name.
    """

    def __init__(self, session_id: str) -> None:
        if not _PLAIN.fullmatch(session_id):
            raise ConfigError(f"session_id {session_id!r} must be 1 to 100 letters, digits, '.', '_' or '-'")
        self.session_id = session_id
        self.path = home() / "sessions" / session_id
        self._lock: IO[str] | None = None

    @property
    def workspace(self) -> Path:
        """The folder that the sandbox shows as /workspace."""
        return self.path / "workspace"

    @property
    def is_prepared(self) -> bool:
        """Whether the task's files were put into the workspace by an earlier opening."""
        return (self.path / "prepared").exists()

    def mark_prepared(self) -> None:
        """Remember that the workspace holds the task's files; they are not put in again."""
        (self.path / "prepared").touch()

    def open(self) -> None:
        """Make the folder and take its lock.

        Raises:
            SessionAlreadyExistsError: A session of this id is open, here or in another process.
            WorkspaceError: The folder can't be made.
        """
        try:
            self.workspace.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / "lock").open("a")
        except OSError as error:
            raise WorkspaceError(f"can't make the session's folder {self.path}: {error}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise SessionAlreadyExistsError(
                f"session {self.session_id!r} is open already; close it, or choose another session_id",
                session_id=self.session_id,
            ) from None

    def close(self) -> None:
        """Give the lock back; the folder stays. Idempotent."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def add_history(self, entry: dict[str, Any]) -> None:
        """Append one line to `history.jsonl`.

        Raises:
            WorkspaceError: It can't be written.
        """
        try:
            with (self.path / "history.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        except OSError as error:
            raise WorkspaceError(f"can't write the history of session {self.session_id!r}: {error}") from error

    def history(self) -> list[dict[str, Any]]:
        """Return what was done in this session so far, oldest first."""
        file = self.path / "history.jsonl"
        if not file.exists():
            return []
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
