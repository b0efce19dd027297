"""Sandboxes whose workspace the host goes on filling where nothing inside may change it."""

from __future__ import annotations

import asyncio
import posixpath
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox._host_folder import HostFolder
from claudebox_rl.sandbox._supervised.sandbox import SupervisedSandbox, absolute
from claudebox_rl.sandbox.base import WORKSPACE


class FilledSandbox(SupervisedSandbox):
    """A sandbox that shows /workspace read-only where its spec says so.

    Then the supervisor can't write there any more than a command can: what the host writes goes to the folder of the
    host that is shown.
    """

    @abstractmethod
    def _shown_workspace(self) -> HostFolder:
        """Return the folder of the host that is /workspace; asked for only where that is read-only."""

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file inside, with its parent folders, in one rename."""
        inside = self._in_workspace(path)
        if inside is None:
            await super().write_file(path, data, mode=mode)
        else:
            await self._fill(path, lambda folder: folder.write(inside, data, mode))

    async def copy_in(self, source: Path, target: str) -> None:
        """Copy a file or a folder's content of the host to `target` inside; times and owners are not kept."""
        inside = self._in_workspace(target)
        if inside is None or source.is_file():
            await super().copy_in(source, target)
        else:
            await self._fill(target, lambda folder: folder.copy_in(source, inside))

    def _in_workspace(self, path: str) -> PurePosixPath | None:
        """Return a path in a workspace that is read-only, from there; None: it is elsewhere, or can be written."""
        if not self.spec.read_only_workspace:
            return None
        # By its words alone: nothing inside can have made a link there that `..` would see otherwise.
        wanted = PurePosixPath("/" + posixpath.normpath(absolute(path, "path")).lstrip("/"))
        return wanted.relative_to(WORKSPACE) if wanted.is_relative_to(WORKSPACE) else None

    async def _fill(self, path: str, work: Callable[[HostFolder], None]) -> None:
        async with self._gate.passing():
            self._live()
            filling = asyncio.ensure_future(asyncio.to_thread(work, self._shown_workspace()))
            try:
                await asyncio.shield(filling)
            except OSError as error:
                raise SandboxError(f"can't write {path} in the sandbox: {error.strerror}", path=path) from error
            finally:
                # A thread can't be cancelled, and a fork behind the gate must not copy what it still writes.
                await asyncio.wait([filling])
