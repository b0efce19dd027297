"""What `ClaudeBox` can do with sessions that lie on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, cast

from claudebox_rl.session.keeping import stored
from claudebox_rl.session.keeping.reconnecting import Reconnecting
from claudebox_rl.session.settings import from_memory
from claudebox_rl.session_types import SessionInfo


class KeptSessions:
    """Base of `ClaudeBox`: the methods that need no session at hand."""

    @classmethod
    def reconnect(
        cls, session_id: str, *, workspace_dir: str | Path | None = None, **overrides: Any
    ) -> Reconnecting[Self]:
        """Go on with a session, on a new machine: `box = await ...`, or `async with ... as box`.

        Args:
            session_id: The session.
            workspace_dir: Where it was kept.
            overrides: Arguments of `ClaudeBox`; what is not given is as when the session was made, keys apart.

        Raises:
            ConfigError: No session can have this id, or an argument can't be.
            SessionNotFoundError: There is none; the message names those that there are.
            WorkspaceError: What is kept of it can't be read.
        """
        record = stored.find_session(session_id, workspace_dir)
        arguments = from_memory(session_id, record.settings, overrides)
        make = cast("Callable[..., Any]", cls)
        return Reconnecting(make(**arguments, session_id=session_id, workspace_dir=workspace_dir))

    @staticmethod
    def list_sessions(workspace_dir: str | Path | None = None) -> list[SessionInfo]:
        """Return the sessions that are kept, the last used first.

        Args:
            workspace_dir: Where to look; None: `$CLAUDEBOX_HOME`, else `~/.claudebox`.

        Raises:
            WorkspaceError: The folder can't be read.
        """
        return stored.list_sessions(workspace_dir)

    @staticmethod
    async def cleanup_session(
        session_id: str, remove_workspace: bool = False, *, workspace_dir: str | Path | None = None
    ) -> None:
        """Remove a session: its history, metrics, settings and conversation, and on demand its workspace.

        Raises:
            ConfigError: No session can have this id.
            SessionNotFoundError: There is none.
            SessionAlreadyExistsError: It is open; nothing is removed.
            WorkspaceError: Something can't be removed.
        """
        await asyncio.to_thread(
            stored.cleanup_session, session_id, remove_workspace=remove_workspace, workspace_dir=workspace_dir
        )

    @staticmethod
    async def cleanup_sessions(
        *, older_than_s: float, remove_workspace: bool = False, workspace_dir: str | Path | None = None
    ) -> list[str]:
        """Remove the sessions that were not used for so long, and return their ids; those that are open stay.

        Raises:
            WorkspaceError: One can't be removed.
        """
        return await asyncio.to_thread(
            stored.cleanup_sessions, older_than_s, remove_workspace=remove_workspace, workspace_dir=workspace_dir
        )
