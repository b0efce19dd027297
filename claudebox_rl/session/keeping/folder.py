"""The host folder of a persistent session: `<home>/sessions/<session_id>/`.

workspace/      seen inside as /workspace
agent/          the agent's own conversations, written inside
session.json    settings and sums, see `record`
history.jsonl   what was done, see `log`
metrics.jsonl   what was used, see `meter`
lock            who has it open, see `lock`
"""

from __future__ import annotations

import errno
import re
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from claudebox_rl._resources import home
from claudebox_rl.errors import ConfigError, SessionAlreadyExistsError, WorkspaceError
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.session.keeping.lock import SessionLock, holder
from claudebox_rl.session.keeping.record import SessionRecord, read_record, write_record
from claudebox_rl.session_types import SessionMetadata

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TRIES = 20
"""An opening begins anew where the folder is removed, or made by somebody else, under its eyes."""
RECORD, LOCK, WORKSPACE = "session.json", "lock", "workspace"
NEW, REMOVED = ".new-", ".removed-"
"""How folders are called that are being made, or removed: nobody has these."""


def check_session_id(session_id: object) -> str:
    """Return an id that can name a folder.

    Raises:
        ConfigError: It is not 1 to 100 letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.
    """
    if not isinstance(session_id, str) or not _PLAIN.fullmatch(session_id):
        shown = repr(session_id)
        shown = shown if len(shown) <= 80 else f"{shown[:80]}..."
        raise ConfigError(
            f"session_id {shown} must be 1 to 100 letters, digits, '.', '_' or '-', and begin with a letter or a digit"
        )
    return session_id


def sessions_dir(workspace_dir: str | Path | None = None) -> Path:
    """Return where sessions lie: below `workspace_dir`, else `$CLAUDEBOX_HOME`, else `~/.claudebox`. Not created."""
    return (Path(workspace_dir).expanduser().absolute() if workspace_dir is not None else home()) / "sessions"


class SessionFolder:
    """A session's folder, held by one `ClaudeBox` at a time.

    Args:
        session_id: Letters, digits, `.`, `_` and `-`, at most 100.
        workspace_dir: See `sessions_dir`.

    Raises:
        ConfigError: `session_id` is not such a name.
    """

    def __init__(self, session_id: str, workspace_dir: str | Path | None = None) -> None:
        self.session_id = check_session_id(session_id)
        self.path = sessions_dir(workspace_dir) / session_id
        self.workspace = self.path / WORKSPACE
        self.agent = self.path / "agent"
        self.history = self.path / "history.jsonl"
        self.metrics = self.path / "metrics.jsonl"
        self.was_made = False
        """By this opening."""
        self._lock = SessionLock(self.path / LOCK)
        self._record: SessionRecord | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object, in this process, has the session."""
        return self._lock.is_held

    @property
    def record(self) -> SessionRecord:
        """What is kept of the session, while it is open.

        Raises:
            WorkspaceError: This process does not have it open (any more: a forked child never has).
        """
        if self._record is None or not self._lock.is_held:
            raise WorkspaceError(f"session {self.session_id!r} is not open in this process")
        return self._record

    def open(self, settings: dict[str, Any]) -> SessionRecord:
        """Make the folder if it is new, and take its lock.

        Args:
            settings: What a new session is made with.

        Raises:
            SessionAlreadyExistsError: A session of this id is open, here or in another process.
            WorkspaceError: The folder can't be made, or its record can't be read.
        """
        try:
            self._take(settings)
            for folder in (self.workspace, self.agent):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            self.close()
            raise WorkspaceError(f"can't make the session's folder {self.path}: {error}") from error
        try:
            self._record = self._read(settings)
        except BaseException:
            self.close()
            raise
        return self._record

    def update(self, **changes: Any) -> None:
        """Change the record, and of it the metadata, by field; `last_accessed` becomes now.

        Raises:
            WorkspaceError: It can't be written, or the session is not open here.
        """
        record = self.record
        own = {name: changes.pop(name) for name in SessionMetadata.__slots__ if name in changes}
        metadata = replace(record.metadata, last_accessed=time.time(), **own)
        self._record = replace(record, metadata=metadata, **changes)
        write_record(self.path / RECORD, self._record)

    def close(self) -> None:
        """Give the lock back; the folder stays. Idempotent."""
        self._record = None
        self._lock.release()

    def remove(self, *, keep_workspace: bool = False) -> None:
        """Remove the folder, which this process must have open, and close.

        Raises:
            WorkspaceError: Something can't be removed.
        """
        if not self._lock.is_held:
            raise WorkspaceError(f"session {self.session_id!r} is not open in this process")
        try:
            if keep_workspace:
                self._remove_all_but_workspace()
            else:
                # Out of sight at once: a removal that is killed leaves no half of a session.
                doomed = self.path.with_name(f"{REMOVED}{self.session_id}-{uuid.uuid4().hex[:8]}")
                self.path.rename(doomed)
                remove_tree(doomed)
        except OSError as error:
            raise WorkspaceError(f"can't remove session {self.session_id!r}: {error}") from error
        finally:
            self.close()

    def take(self) -> None:
        """Take the lock of a session that is there, without reading it.

        Raises:
            SessionAlreadyExistsError: It is open.
            FileNotFoundError: It is not there.
            WorkspaceError: The folder can't be read.
        """
        try:
            if self._lock.take():
                return
        except FileNotFoundError:
            raise
        except OSError as error:
            raise WorkspaceError(f"can't open session {self.session_id!r}: {error}") from error
        self._refuse()

    def _take(self, settings: dict[str, Any]) -> None:
        for _ in range(_TRIES):
            if not self.path.exists():
                self.was_made = self._make(settings)
            try:
                if self._lock.take():
                    return
            except FileNotFoundError:
                continue
            self._refuse()
        raise WorkspaceError(f"the session's folder {self.path} comes and goes")

    def _refuse(self) -> None:
        found = holder(self.path / LOCK)
        by = f" in process {found.pid}" if found and found.pid else ""
        raise SessionAlreadyExistsError(
            f"session {self.session_id!r} is open already{by}; close it, or choose another session_id",
            session_id=self.session_id,
        )

    def _make(self, settings: dict[str, Any]) -> bool:
        """Make the folder with its record in one step; False where somebody else was faster."""
        place = self.path.with_name(f"{NEW}{self.session_id}-{uuid.uuid4().hex[:8]}")
        place.mkdir(parents=True)
        (place / WORKSPACE).mkdir()
        write_record(place / RECORD, self._new_record(settings))
        try:
            place.rename(self.path)
        except OSError as error:
            remove_tree(place)
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
        return True

    def _read(self, settings: dict[str, Any]) -> SessionRecord:
        try:
            return read_record(self.path / RECORD)
        except FileNotFoundError:  # only its workspace was left
            record = self._new_record(settings)
            write_record(self.path / RECORD, record)
            return record
        except WorkspaceError as error:
            raise WorkspaceError(
                f"session {self.session_id!r} is broken: {error}. `claudebox-rl sessions clean {self.session_id}` "
                "removes all but its workspace, with which the same session_id then begins anew",
                session_id=self.session_id,
            ) from error

    def _new_record(self, settings: dict[str, Any]) -> SessionRecord:
        now = time.time()
        return SessionRecord(SessionMetadata(self.session_id, now, now, str(self.workspace), num_openings=0), settings)

    def _remove_all_but_workspace(self) -> None:
        # The record first: without it the rest is no session.
        for entry in sorted(self.path.iterdir(), key=lambda path: path.name != RECORD):
            if entry.name in (WORKSPACE, LOCK):
                continue
            if entry.is_dir() and not entry.is_symlink():
                remove_tree(entry)
            else:
                entry.unlink()
