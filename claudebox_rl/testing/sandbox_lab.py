"""What a check of a sandbox backend works with: machines to try, folders of the host, and words for what it demands."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from claudebox_rl.sandbox import Sandbox, SandboxSpec
from claudebox_rl.sandbox.spec import Limit

Need = Literal["shell", "isolation", "users", "blocked_hosts", "read_only_workspace"] | Limit
"""`shell`: runs real programs (a POSIX userland); `isolation`: a command is kept from the host; `users`: commands run
as any user of the machine; a field of the spec: it is enforced."""


class NotHereError(Exception):
    """A check can't be made on this machine (a program is missing); it says why and counts as skipped."""


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the contract and how it is tried out."""

    name: str
    demand: str
    run: Callable[[Lab], Awaitable[None]]
    needs: frozenset[Need]

    def __str__(self) -> str:
        return self.name


class Lab:
    """Machines of one backend under test.

    Args:
        make: Makes a sandbox, not started; None stands for the spec of an ordinary one of this backend.
        patience_s: What a healthy machine never takes to answer; deadlines in checks are a tenth of it.
    """

    def __init__(self, make: Callable[[SandboxSpec | None], Sandbox], *, patience_s: float = 10.0) -> None:
        self.make = make
        self.patience_s = patience_s
        self.short_s = patience_s / 10
        ordinary = make(None)
        self.spec = ordinary.spec
        self.capabilities = ordinary.capabilities()
        self._shared: Sandbox | None = None
        # A sandbox may run under another user, so what it is to read must be open to all.
        self._folder = Path(tempfile.mkdtemp(prefix="claudebox-lab-")).resolve()
        self._folder.chmod(0o755)
        self._num_folders = 0

    def folder(self) -> Path:
        """Return a new empty folder of the host."""
        self._num_folders += 1
        folder = self._folder / str(self._num_folders)
        folder.mkdir()
        return folder

    def host_secret(self) -> Path:
        """Return a file of the host with `SECRET` in it that nothing shows to a sandbox."""
        path = self.folder() / "secret"
        path.write_bytes(SECRET)
        return path

    async def sandbox(self) -> Sandbox:
        """Return the machine that checks share; each works in its own `spot`."""
        if self._shared is None:
            self._shared = self.make(None)
            await self._shared.start()
        return self._shared

    async def spot(self) -> str:
        """Return a new empty folder inside the shared machine, as commands name it without `root`."""
        self._num_folders += 1
        spot = f"/workspace/spot-{self._num_folders}"
        await (await self.sandbox()).write_file(f"{spot}/.here", b"")
        return spot

    def spec_with(self, **fields: Any) -> SandboxSpec:
        """Return the ordinary spec with these fields changed."""
        return replace(self.spec, **fields)

    @asynccontextmanager
    async def fresh(self, **fields: Any) -> AsyncGenerator[Sandbox]:
        """Start a machine of its own, with these fields of the spec changed."""
        async with self.make(self.spec_with(**fields)) as sandbox:
            yield sandbox

    async def until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        """Demand that a condition comes to hold within the patience."""
        async with self.promptly(what):
            while True:
                if await holds():
                    return
                await asyncio.sleep(0.05)

    async def renew(self) -> None:
        """Stop the shared machine; the next check gets a new one."""
        shared, self._shared = self._shared, None
        if shared is not None:
            await shared.stop()

    async def close(self) -> None:
        """Stop the shared machine and delete the folders."""
        try:
            await self.renew()
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder)

    @asynccontextmanager
    async def promptly(self, what: str, *, patience_s: float | None = None) -> AsyncGenerator[None]:
        """Demand that the block ends within the patience."""
        limit_s = patience_s or self.patience_s
        deadline = asyncio.timeout(limit_s)
        try:
            async with deadline:
                yield
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise AssertionError(f"{what} took more than {limit_s} s") from error


SECRET = b"claudebox-lab-secret"


def expect(condition: object, demand: str, seen: object = "") -> None:
    """Fail the check unless the condition holds.

    Raises:
        AssertionError: With the demand and what was seen instead. Not an `assert`: a suite must also work under -O.
    """
    if not condition:
        raise AssertionError(f"{demand}; seen: {seen!r:.2000}" if seen != "" else demand)


@contextmanager
def refused(*errors: type[Exception]) -> Generator[None]:
    """Demand that the block raises one of the errors.

    Raises:
        AssertionError: It raised nothing. Other errors pass on.
    """
    with suppress(*errors):
        yield
        raise AssertionError(f"nothing was raised where {' or '.join(e.__name__ for e in errors)} is due")


def check(*needs: Need) -> Callable[[Callable[[Lab], Awaitable[None]]], Check]:
    """Make a check of a coroutine: its name is the check's, its docstring the demand."""

    def named(run: Callable[[Lab], Awaitable[None]]) -> Check:
        return Check(getattr(run, "__name__", repr(run)), run.__doc__ or "", run, frozenset(needs))

    return named


def in_shell(script: str, *args: str) -> list[str]:
    """Return the argv of a POSIX shell script; `$1` and on are `args`."""
    return ["sh", "-c", script, "sh", *args]
