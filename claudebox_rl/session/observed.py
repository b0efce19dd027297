"""What can be seen of a session: its machine, its agent, its history and what it uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from claudebox_rl.agent import Agent, Endpoint
from claudebox_rl.errors import ClaudeBoxError
from claudebox_rl.gateway import GatewayEpisode, Upstream
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.log import SessionLog
from claudebox_rl.session.known_secrets import secrets_of
from claudebox_rl.session.opening import Opening
from claudebox_rl.session.settings import SessionSettings
from claudebox_rl.session_types import ResourceMetrics, SessionMetadata
from claudebox_rl.tasks import Verification
from claudebox_rl.types import ModelCall


class Observed:
    """Base of `ClaudeBox`: what changes nothing."""

    session_id: str
    _folder: SessionFolder | None
    _log: SessionLog
    _auto_remove: bool
    _opening: Opening | None
    _door: GatewayEpisode | None
    _settings: SessionSettings

    def history(self) -> list[dict[str, Any]]:
        """Return what was done in a persistent session, over all its openings; empty for others."""
        return self._log.history()

    async def get_metrics(self) -> ResourceMetrics:
        """Return what the machine uses; `cpu_percent` is since the last time this was asked.

        Raises:
            SandboxUnavailableError: The machine is not running.
        """
        return await self._open_now.meter.measure()

    async def get_history_metrics(self) -> list[ResourceMetrics]:
        """Return samples over the session's life, oldest first: one after each prompt, and some during long ones."""
        return self._log.samples()

    def take_model_calls(self) -> tuple[ModelCall, ...]:
        """Return the model calls that ended since the last time, oldest first."""
        return self._door.take_calls() if self._door else ()

    @property
    def metadata(self) -> SessionMetadata:
        """What is known of the session by now."""
        return self._log.metadata

    @property
    def workspace_path(self) -> Path | None:
        """Folder of the host that is /workspace inside; None where it ends with the session."""
        return self._folder.workspace if self._folder else None

    @property
    def is_persistent(self) -> bool:
        """Whether the session's folder outlives it."""
        return self._folder is not None and not self._auto_remove

    @property
    def sandbox(self) -> Sandbox:
        """The machine, while the session is open."""
        return self._open_now.sandbox

    @property
    def agent(self) -> Agent:
        """The program at work, while the session is open."""
        return self._open_now.agent

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the agent finds its model; None for agents that ask none."""
        return self._open_now.agent.context.endpoint

    @property
    def upstream(self) -> Upstream | None:
        """What answers the agent's model calls; None for agents that ask none."""
        episode = self._open_now.gateway_episode
        return episode.upstream if episode else None

    @property
    def secrets(self) -> dict[str, str]:
        """What must be written nowhere: each value that the session knows, with its kind."""
        return secrets_of(self._settings, self._opening)

    @property
    def verification(self) -> Verification | None:
        """Where the session's final state is judged, while it is open; None without a task."""
        judging = self._open_now.judging
        return judging.mode if judging else None

    @property
    def agent_version(self) -> str:
        """Version that the agent gave of itself; empty before `open`."""
        return self._opening.agent.version if self._opening else ""

    @property
    def model_name(self) -> str:
        """Model id that the agent asks for; empty for agents that ask none."""
        episode = self._opening.gateway_episode if self._opening else None
        return episode.upstream.model if episode else ""

    @property
    def _open_now(self) -> Opening:
        if self._opening is None:
            raise ClaudeBoxError(f"session {self.session_id!r} is not open")
        return self._opening
