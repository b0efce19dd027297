"""Sandboxes whose process 1 is the supervisor of `_guest`: commands, files and ports over its channel."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

from claudebox_rl.errors import ConfigError, OutputLimitError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._frames import Channel, Exchange
from claudebox_rl.sandbox._guest.wire import CHUNK_BYTES
from claudebox_rl.sandbox._local_exec import LocalExec
from claudebox_rl.sandbox._traffic import Traffic
from claudebox_rl.sandbox.base import FILE_CAP_BYTES, WORKSPACE, ExecStream, Sandbox
from claudebox_rl.sandbox.metrics import SandboxMetrics
from claudebox_rl.sandbox.spec import SandboxSpec

_DETAIL_CHARS = 500


class SupervisedSandbox(Sandbox):
    """A sandbox that a supervisor serves. It belongs to the event loop that starts it.

    A backend says how it boots and how it leads a port inside to one of the host.
    """

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        check_env(self.spec.env)
        self._env: dict[str, str] = {}
        """The environment of every command, complete once the machine stands."""
        self._held = contextlib.AsyncExitStack()
        """What `stop` undoes, last first."""
        self._channel: Channel | None = None
        self._traffic = Traffic()
        self._was_started = False
        self._stopping: asyncio.Task[None] | None = None
        self._ports: dict[int, str] = {}
        self._ports_lock = asyncio.Lock()

    @abstractmethod
    async def _boot(self) -> None:
        """Start the machine, set `_channel` and `_env`, and push on `_held` what ends it.

        Raises:
            SandboxStartError: Says what to install or enable.
        """

    @abstractmethod
    async def _relay(self, channel: Channel, port: int) -> str:
        """Lead a port inside to `port` of the host's loopback and return its address inside."""

    # Life

    async def start(self) -> None:
        """Boot the machine; once."""
        if self._was_started:
            raise SandboxStartError(f"{self.sandbox_id} was started before; make a new sandbox")
        self._was_started = True
        try:
            await self._boot()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every process and remove what was made for this machine."""
        self._was_started = True
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._held.aclose())
        # Of its own, so that a caller's cancellation leaves nothing half stopped.
        await asyncio.shield(self._stopping)

    def _live(self) -> Channel:
        if self._channel is None or self._stopping is not None:
            state = "was stopped" if self._stopping is not None else "is not started"
            raise SandboxUnavailableError(f"the sandbox {state}", sandbox_id=self.sandbox_id)
        self._channel.check()
        return self._channel

    # Placeholders

    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        raise NotImplementedError

    async def metrics(self) -> SandboxMetrics:
        raise NotImplementedError

    async def publish_port(self, port: int) -> str:
        raise NotImplementedError

    # Commands

    async def open_exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout_s: float | None = None,
    ) -> ExecStream:
        """Start a command.

        Raises:
            ConfigError: No program, a NUL in a text, a relative `cwd`, or a time-out that is not positive.
            SandboxUnavailableError: The machine is not running.
        """
        check_env(env or {})
        if not argv or any("\0" in argument for argument in argv) or not argv[0]:
            raise ConfigError(f"argv is no program with its arguments: {list(argv)!r:.200}")
        if timeout_s is not None and not 0 < timeout_s < float("inf"):
            raise ConfigError(f"timeout_s={timeout_s} is not a positive number of seconds")
        folder = absolute(cwd or WORKSPACE, "cwd")
        return LocalExec(self._live(), argv, {**self._env, **(env or {})}, folder, timeout_s)

    # Files

    async def read_file(self, path: str, *, max_bytes: int = FILE_CAP_BYTES) -> bytes:
        """Return the bytes of a regular file inside; links are resolved inside, by the sandbox's own user."""
        content = bytearray()
        with Exchange(self._live()) as exchange:
            request: dict[str, Any] = {"op": "read", "path": absolute(path, "path"), "max_bytes": max_bytes}
            last = False
            while not last:
                reply, data = await exchange.ask(**request, last=False)
                _check_reply(reply, path)
                content += data
                if len(content) > max_bytes:
                    raise OutputLimitError(f"{path} is larger than {max_bytes} bytes", path=path, max_bytes=max_bytes)
                last = reply["last"] is True
                request = {"op": "next"}
        return bytes(content)

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file inside, with its parent folders, in one rename."""
        request: dict[str, Any] = {"op": "write", "path": absolute(path, "path"), "mode": mode & 0o777}
        chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)] or [b""]
        with Exchange(self._live()) as exchange:
            for number, chunk in enumerate(chunks, 1):
                reply, _ = await exchange.ask(chunk, **request, last=number == len(chunks))
                _check_reply(reply, path, "write")
                request = {"op": "next"}

    # The host's ports

    async def expose_host_port(self, port: int) -> str:
        """Make one TCP port of the host's loopback reachable at 127.0.0.1 inside, under its own number if that is free.

        Raises:
            ConfigError: `port` is not from 1 to 65535.
            SandboxUnavailableError: The machine is not running.
        """
        if not 0 < port < 1 << 16:
            raise ConfigError(f"port={port} is not from 1 to 65535")
        async with self._ports_lock:
            channel = self._live()
            if port not in self._ports:
                self._ports[port] = await self._relay(channel, port)
            return self._ports[port]


def check_env(env: Mapping[str, str]) -> None:
    """Refuse variables that no process can have.

    Raises:
        ConfigError: Names the variable.
    """
    for name, value in env.items():
        if not name or "=" in name or "\0" in name + value:
            raise ConfigError(f"env: {name!r} can't be the name of a variable, or its value holds a NUL", name=name)


def absolute(path: str, what: str) -> str:
    """Return a path inside as it is.

    Raises:
        ConfigError: It is relative or holds a NUL.
    """
    if not path.startswith("/") or "\0" in path:
        raise ConfigError(f"{what}={path!r} is not an absolute path inside", **{what: path})
    return path


def _check_reply(reply: dict[str, Any], path: str, verb: str = "read") -> None:
    """Turn the supervisor's refusal into an error."""
    if reply.get("op") == "file":
        return
    number, text = reply.get("errno"), str(reply.get("text"))[:_DETAIL_CHARS]
    if verb == "read" and number in (errno.ENOENT, errno.ENOTDIR):
        raise FileNotFoundError(path)
    if verb == "read" and number == errno.EFBIG:
        raise OutputLimitError(f"{path} is larger than the cap", path=path)
    raise SandboxError(f"can't {verb} {path} in the sandbox: {text}", path=path)
