"""The sessions that lie on disk: listed, found, and removed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from claudebox_rl.errors import SessionAlreadyExistsError, SessionNotFoundError, WorkspaceError
from claudebox_rl.sandbox._guest.disk import folder_bytes
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.session.keeping.folder import LOCK, NEW, RECORD, REMOVED, WORKSPACE, SessionFolder, sessions_dir
from claudebox_rl.session.keeping.lock import holder
from claudebox_rl.session.keeping.record import SessionRecord, read_record
from claudebox_rl.session_types import SessionInfo

_SETTLED_S = 600.0
"""Age from which a folder that is being made or removed was left by a killed process."""
_MOST_NAMED = 10


def list_sessions(workspace_dir: str | Path | None = None) -> list[SessionInfo]:
    """Return the sessions that lie there, the last used first.

    Args:
        workspace_dir: Where to look; None: `$CLAUDEBOX_HOME`, else `~/.claudebox`.

    Raises:
        WorkspaceError: The folder can't be read.
    """
    found = [info for path in _folders(sessions_dir(workspace_dir)) if (info := _look(path)) is not None]
    return sorted(found, key=lambda info: (-(info.last_accessed or 0.0), info.session_id))


def find_session(session_id: str, workspace_dir: str | Path | None = None) -> SessionRecord:
    """Return what is kept of a session.

    Raises:
        ConfigError: No session can have this id.
        SessionNotFoundError: There is none; names those that there are.
        WorkspaceError: It is broken.
    """
    folder = SessionFolder(session_id, workspace_dir)
    try:
        return read_record(folder.path / RECORD)
    except (FileNotFoundError, NotADirectoryError):
        raise _not_found(folder) from None


def cleanup_session(
    session_id: str, *, remove_workspace: bool = False, workspace_dir: str | Path | None = None
) -> None:
    """Remove a session: its history, metrics, settings and conversation, and on demand its workspace.

    Raises:
        ConfigError: No session can have this id.
        SessionNotFoundError: There is none.
        SessionAlreadyExistsError: It is open; nothing is removed.
        WorkspaceError: Something can't be removed.
    """
    _sweep(sessions_dir(workspace_dir))
    folder = SessionFolder(session_id, workspace_dir)
    try:
        folder.take()
    except FileNotFoundError:
        raise _not_found(folder) from None
    try:
        folder.remove(keep_workspace=not remove_workspace)
    finally:
        folder.close()


def cleanup_sessions(
    older_than_s: float, *, remove_workspace: bool = False, workspace_dir: str | Path | None = None
) -> list[str]:
    """Remove the sessions that were not used for a while; those that are open stay.

    Returns:
        Their ids.

    Raises:
        WorkspaceError: One can't be removed.
    """
    done: list[str] = []
    for info in list_sessions(workspace_dir):
        is_done = info.state == "open" or (info.state == "cleaned" and not remove_workspace)
        if is_done or (info.age_s or 0.0) < older_than_s:
            continue
        try:
            cleanup_session(info.session_id, remove_workspace=remove_workspace, workspace_dir=workspace_dir)
        except (SessionAlreadyExistsError, SessionNotFoundError):
            continue  # somebody opened or removed it meanwhile
        done.append(info.session_id)
    return done


def _look(path: Path) -> SessionInfo | None:
    record, is_broken = None, False
    try:
        changed = path.stat().st_mtime
    except FileNotFoundError:
        return None  # removed meanwhile
    try:
        record = read_record(path / RECORD)
    except FileNotFoundError:
        pass
    except WorkspaceError:
        is_broken = True
    found = holder(path / LOCK)
    state = "open" if found else "broken" if is_broken else "closed" if record else "cleaned"
    used = record.metadata.last_accessed if record else changed
    return SessionInfo(
        session_id=path.name,
        state=state,
        workspace_path=str(path / WORKSPACE),
        owner_pid=found.pid if found else None,
        created_at=record.metadata.created_at if record else None,
        last_accessed=used,
        age_s=max(time.time() - used, 0.0),
        num_prompts=record.metadata.num_prompts if record else 0,
        total_turns=record.metadata.total_turns if record else 0,
        size_bytes=folder_bytes([path]),
        box_id=record.metadata.sandbox_id or None if record else None,
    )


def _folders(base: Path) -> Iterator[Path]:
    try:
        places = sorted(base.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise WorkspaceError(f"can't read {base}: {error}") from error
    yield from (place for place in places if not place.name.startswith(".") and _is_folder(place))


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _not_found(folder: SessionFolder) -> SessionNotFoundError:
    if folder.workspace.is_dir():
        return SessionNotFoundError(
            f"session {folder.session_id!r} was cleaned up; ClaudeBox(session_id={folder.session_id!r}) begins anew "
            f"with its workspace {folder.workspace}",
            session_id=folder.session_id,
        )
    known = [place.name for place in _folders(folder.path.parent)]
    named = ", ".join(known[:_MOST_NAMED]) + (
        f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    )
    return SessionNotFoundError(
        f"no session {folder.session_id!r} in {folder.path.parent}; known: {named or 'none'}",
        session_id=folder.session_id,
        known=known,
    )


def _sweep(base: Path) -> None:
    """Remove what processes that were killed left half made or half removed."""
    places = base.iterdir() if base.is_dir() else ()
    for place in places:
        is_left = place.name.startswith(REMOVED) or (place.name.startswith(NEW) and _is_settled(place))
        if is_left and _is_folder(place):
            remove_tree(place)


def _is_settled(place: Path) -> bool:
    try:
        return place.stat().st_mtime < time.time() - _SETTLED_S
    except FileNotFoundError:
        return False
