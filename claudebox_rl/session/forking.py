"""Sessions that go on from where another one stands."""

from __future__ import annotations

import asyncio
import copy
import uuid
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Self, cast

from claudebox_rl.agent import PromptOptions
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.session.keeping.log import SessionLog
from claudebox_rl.session.observed import Observed
from claudebox_rl.session.opening import Opening, open_fork
from claudebox_rl.session.settings import SessionSettings


class Forking(Observed):
    """Base of `ClaudeBox`: what makes more sessions of one."""

    episode_id: str
    _settings: SessionSettings
    _parting: asyncio.Lock
    """Held while the agent settles and the machine is copied: forks asked for at the same time take turns."""
    _remembered: dict[str, Any]
    _stack: AsyncExitStack | None

    @abstractmethod
    async def close(self) -> None:
        """See `ClaudeBox.close`."""

    @abstractmethod
    async def _enter(self, opening: Callable[[AsyncExitStack], Awaitable[Opening]]) -> None: ...

    async def fork(
        self, n: int = 1, *, episode_ids: Sequence[str] | None = None, seeds: Sequence[int | None] | None = None
    ) -> tuple[Self, ...]:
        """Open `n` sessions that go on from here, each on a machine of its own; between prompts only.

        They have the same files and the agent's conversation, and share nothing with this session or each other;
        processes that commands left in the background are not there. Each has a history, and a budget, of its own. The
        caller closes them; where one can't be opened, none is left.

        Args:
            n: How many, at least 1.
            episode_ids: Tags of their model calls; None: their session ids.
            seeds: What each one's agent draws of its own follows from its own; None: from this session's.

        Raises:
            ConfigError: The session is kept, or shares folders or ports with the host, which can't be parted; or `n`
                is less than 1.
            SandboxStartError: A machine did not start.
            SandboxUnavailableError: This session's machine is not running.
            AgentError: An agent did not start.
        """
        opening = self._open_now
        self._check_parts()
        async with self._parting:
            await opening.agent.settle()
            sandboxes = await opening.sandbox.fork(n)
        parts = zip(episode_ids or [None] * n, seeds or [self._settings.seed] * n, strict=True)
        heirs = [self._heir(*part) for part in parts]
        try:
            async with asyncio.TaskGroup() as group:
                for heir, sandbox in zip(heirs, sandboxes, strict=True):
                    group.create_task(heir._go_on(opening, sandbox))
        except BaseException as error:
            ends = (*(heir.close() for heir in heirs), *(sandbox.stop() for sandbox in sandboxes))
            await asyncio.shield(asyncio.gather(*ends))
            if isinstance(error, BaseExceptionGroup):
                raise cast("BaseExceptionGroup[Exception]", error).exceptions[0] from None
            raise
        return tuple(heirs)

    def _check_parts(self) -> None:
        shared = [volume.target for volume in self._settings.volumes if not volume.read_only]
        if self._folder is not None:
            raise ConfigError("a session that is kept has a folder of its own and can't be forked: give no session_id")
        if shared or self._settings.ports:
            raise ConfigError(f"a session with writable volumes or ports can't be forked: {shared or 'ports'}")

    def _heir(self, episode_id: str | None, seed: int | None) -> Self:
        heir = copy.copy(self)
        heir._settings, heir._parting = replace(self._settings, seed=seed), asyncio.Lock()
        heir.session_id = f"session-{uuid.uuid4().hex[:12]}"
        heir.episode_id = episode_id or heir.session_id
        heir._log = SessionLog(heir.session_id, None, is_enabled=bool(self._remembered["enable_logging"]))
        heir._stack = heir._opening = heir._door = None
        return heir

    async def _go_on(self, parent: Opening, sandbox: Sandbox) -> None:
        options = PromptOptions(self._settings.agent.max_turns)
        await self._enter(
            lambda stack: open_fork(stack, self._settings, parent, sandbox, self._log, self.episode_id, options)
        )
