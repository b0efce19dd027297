"""The programs of the fake sandbox: coroutines with the names and the manners of the real ones."""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claudebox_rl.errors import SandboxError
from claudebox_rl.testing._fake_stream import FakeStream

if TYPE_CHECKING:
    from claudebox_rl.testing.fake_sandbox import FakeSandbox


@dataclass(frozen=True, slots=True)
class FakeCall:
    """One command of a fake sandbox, as its handler sees it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    """Everything that the command may see."""
    cwd: str
    sandbox: FakeSandbox
    """Where its files are (`sandbox.files`, `sandbox.read_file`, ...)."""
    _stream: FakeStream

    async def stdin(self) -> AsyncIterator[bytes]:
        """Yield standard input as it comes, until end-of-file."""
        while data := await self._stream.read_input():
            yield data

    async def read_stdin(self) -> bytes:
        """Return the whole standard input, once end-of-file has come."""
        return b"".join([data async for data in self.stdin()])

    def write_stdout(self, data: bytes) -> None:
        """Print."""
        self._stream.print("stdout", data)

    def write_stderr(self, data: bytes) -> None:
        """Complain."""
        self._stream.print("stderr", data)


Handler = Callable[[FakeCall], Awaitable[int]]
"""Plays one command and returns its exit code. It is cancelled when the command is killed or out of time."""


async def _true(_: FakeCall) -> int:
    return 0


async def _false(_: FakeCall) -> int:
    return 1


async def _echo(call: FakeCall) -> int:
    call.write_stdout(os.fsencode(" ".join(call.argv[1:]) + "\n"))
    return 0


async def _cat(call: FakeCall) -> int:
    exit_code = 0
    for name in call.argv[1:] or ("-",):
        if name == "-":
            async for data in call.stdin():
                call.write_stdout(data)
            continue
        try:
            call.write_stdout(await call.sandbox.read_file(posixpath.join(call.cwd, name)))
        except FileNotFoundError:
            call.write_stderr(os.fsencode(f"cat: {name}: No such file or directory\n"))
            exit_code = 1
        except SandboxError as error:
            call.write_stderr(os.fsencode(f"cat: {name}: {error}\n"))
            exit_code = 1
    return exit_code


async def _printenv(call: FakeCall) -> int:
    names = call.argv[1:]
    lines = (
        [call.env[name] for name in names if name in call.env] if names else [f"{k}={v}" for k, v in call.env.items()]
    )
    call.write_stdout(os.fsencode("".join(f"{line}\n" for line in lines)))
    return 0 if len(lines) >= len(names) else 1


async def _pwd(call: FakeCall) -> int:
    call.write_stdout(os.fsencode(f"{call.cwd}\n"))
    return 0


async def _sleep(call: FakeCall) -> int:
    await asyncio.sleep(float(call.argv[1]))
    return 0


PROGRAMS: dict[str, Handler] = {
    "cat": _cat,
    "echo": _echo,
    "false": _false,
    "printenv": _printenv,
    "pwd": _pwd,
    "sleep": _sleep,
    "true": _true,
}
"""What every fake sandbox knows."""
