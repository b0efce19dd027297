"""Sandboxes whose process 1 is the supervisor of `_guest`: commands, files and ports over its channel."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import socket
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from claudebox_rl.errors import ConfigError, OutputLimitError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._check_spec import check_env, check_port
from claudebox_rl.sandbox._egress.egress import PROXY_PORT, Egress, proxy_env
from claudebox_rl.sandbox._guest.wire import CHUNK_BYTES, WireError
from claudebox_rl.sandbox._network.connection import Connection, Counted, Door, host_port
from claudebox_rl.sandbox._network.relay import Relay
from claudebox_rl.sandbox._network.traffic import Traffic
from claudebox_rl.sandbox._supervised.command import SupervisedExec
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange
from claudebox_rl.sandbox._supervised.gate import Gate
from claudebox_rl.sandbox._supervised.usage import Usage, report
from claudebox_rl.sandbox.base import FILE_CAP_BYTES, WORKSPACE, Sandbox
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.metrics import SandboxMetrics
from claudebox_rl.sandbox.spec import Network, SandboxSpec
from claudebox_rl.types import RefusedConnection

_DETAIL_CHARS = 500
_IN_NO_NAME = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
"""NUL, and surrogates that stand for no byte."""
_OF_USERS = ("HOME", "USER", "LOGNAME")
"""Variables that the supervisor sets, where they are not given, for a command of another user."""


class SupervisedSandbox(Sandbox):
    """A sandbox that a supervisor serves. It belongs to the event loop that starts it.

    A backend says how it boots, and how connections get out of it and in.
    """

    _proxied: ClassVar[frozenset[Network]] = frozenset({"restricted"})
    """Networks that are reached through our proxy; the backend itself gives the others."""

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        check_env(self.spec.env)
        self._env: dict[str, str] = {}
        """The environment of every command, complete once the machine stands."""
        self._held = contextlib.AsyncExitStack()
        """What `stop` undoes, last first."""
        self._channel: Channel | None = None
        self._traffic = Traffic()
        self._num_commands = 0
        self._was_started = False
        self._stopping: asyncio.Task[None] | None = None
        self._ports: dict[int, str] = {}
        self._published: dict[tuple[int, int | None], str] = {}
        self._ports_lock = asyncio.Lock()
        self._gate = Gate()
        """Shut while the machine's files are copied."""

    @abstractmethod
    async def _boot(self) -> None:
        """Start the machine, set `_channel` and `_env`, and push on `_held` what ends it.

        Raises:
            SandboxStartError: Says what to install or enable.
        """

    @abstractmethod
    async def _lead(self, channel: Channel, port: int, door: Door) -> str:
        """Lead connections to a port inside, `port` if that is free, to a door and return the port's address inside."""

    @abstractmethod
    async def _reach(self, channel: Channel, port: int, near: Connection) -> None:
        """Join a connection with a port of the machine's own loopback, until both have ended.

        Raises:
            OSError: Nobody serves there, or one side was cut.
        """

    def _make_egress(self) -> Egress:
        """Return what `spec.network` reaches the world through."""
        allowed = self.spec.allowed_hosts if self.spec.network == "restricted" else None
        return Egress(allowed, self._traffic, blocked_hosts=self.spec.blocked_hosts)

    # Life

    async def start(self) -> None:
        """Boot the machine; once."""
        if self._was_started:
            raise SandboxStartError(f"{self.sandbox_id} was started before; make a new sandbox")
        self._was_started = True
        try:
            await self._boot()
            if self.spec.network in self._proxied:
                await self._open_egress()
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

    async def _open_egress(self) -> None:
        """Lead a port inside to the proxy, and tell every command of it, before the first one runs."""
        try:
            address = await self._lead(self._live(), PROXY_PORT, self._make_egress().serve)
        except SandboxUnavailableError as error:
            raise SandboxStartError(f"the sandbox did not start: {error}", cause="boot") from error
        self._env = {**self._env, **proxy_env(address), **self.spec.env}

    def _live(self) -> Channel:
        if self._channel is None or self._stopping is not None:
            state = "was stopped" if self._stopping is not None else "is not started"
            raise SandboxUnavailableError(f"the sandbox {state}", sandbox_id=self.sandbox_id)
        self._channel.check()
        return self._channel

    # Metrics

    async def metrics(self) -> SandboxMetrics:
        """Return what has been used, by the best account of it; where files are many, it takes a while."""
        channel = self._live()
        with Exchange(channel) as exchange:
            reply, _ = await exchange.ask(op="metrics", last=True)
        try:
            told = report(reply)
        except WireError as error:
            channel.close(f"its supervisor broke the protocol: {error}")
            raise SandboxUnavailableError(f"the sandbox gave no metrics: {error}") from error
        return told.metrics(self._account(told.usage), self._traffic, self._num_commands)

    def _account(self, told: Usage) -> Usage:
        """Return a better account than the supervisor's, where there is one."""
        return told

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
            ConfigError: No program, a NUL in a text, a relative `cwd`, a user that can't be had, or a time-out that is
                not positive.
            SandboxUnavailableError: The machine is not running.
        """
        check_env(env or {})
        if not argv or any("\0" in argument for argument in argv) or not argv[0]:
            raise ConfigError(f"argv is no program with its arguments: {list(argv)!r:.200}")
        if timeout_s is not None and not 0 < timeout_s < float("inf"):
            raise ConfigError(f"timeout_s={timeout_s} is not a positive number of seconds")
        folder, person = absolute(cwd or WORKSPACE, "cwd"), self._user(user or self.spec.user)
        async with self._gate.passing():
            command = SupervisedExec(self._live(), argv, self._env_of(person, env or {}), folder, timeout_s, person)
        self._num_commands += 1
        return command

    def _user(self, user: str | None) -> str | None:
        """Return whom the supervisor is to start a command as; None: as itself."""
        return user

    def _env_of(self, user: str | None, env: Mapping[str, str]) -> dict[str, str]:
        """Return a command's environment. Another user than the spec's has a name and a home of its own."""
        base = self._env
        if user not in (None, self.spec.user):
            base = {name: value for name, value in base.items() if name not in _OF_USERS or name in self.spec.env}
        return {**base, **env}

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
        async with self._gate.passing():
            await self._write(path, chunks, request)

    async def _write(self, path: str, chunks: Sequence[bytes], request: dict[str, Any]) -> None:
        with Exchange(self._live()) as exchange:
            for number, chunk in enumerate(chunks, 1):
                reply, _ = await exchange.ask(chunk, **request, last=number == len(chunks))
                _check_reply(reply, path, "write")
                request = {"op": "next"}

    async def resolve_path(self, path: str) -> str:
        """Return where a path leads, as the sandbox's own user finds it; one round trip."""
        with Exchange(self._live()) as exchange:
            reply, data = await exchange.ask(op="resolve", path=absolute(path, "path"), last=False)
            _check_reply(reply, path, "resolve")
        return absolute(os.fsdecode(data), "path")

    # Ports

    async def expose_host_port(self, port: int) -> str:
        """Make one TCP port of the host's loopback reachable at 127.0.0.1 inside, under its own number if that is free.

        Raises:
            ConfigError: `port` is not from 1 to 65535.
            SandboxUnavailableError: The machine is not running.
        """
        check_port(port)
        async with self._ports_lock:
            channel = self._live()
            if port not in self._ports:
                self._ports[port] = await self._lead(channel, port, host_port(port, self._traffic))
            return self._ports[port]

    async def publish_port(self, port: int, host_port: int | None = None) -> str:
        """Make one TCP port of 127.0.0.1 inside reachable at one of the host's; the same answer for the same ports.

        Whoever may connect to the host's loopback, other users too, reaches it, and nothing else of the machine.

        Raises:
            ConfigError: A port is not from 1 to 65535, or `host_port` is taken.
            SandboxUnavailableError: The machine is not running.
        """
        check_port(port)
        if host_port is not None:
            check_port(host_port)
        async with self._ports_lock:
            self._live()
            if (port, host_port) not in self._published:
                self._published[port, host_port] = await self._publish(port, host_port or 0)
            return self._published[port, host_port]

    def take_refused(self) -> tuple[RefusedConnection, ...]:
        """Return the connections that the proxy refused since the last time."""
        return self._traffic.take_refused()

    async def _publish(self, port: int, host_port: int) -> str:
        async def into(near: Connection) -> None:
            try:
                await self._reach(self._live(), port, Counted(near, self._traffic))
            except SandboxUnavailableError as error:
                raise ConnectionAbortedError(str(error)) from error

        try:
            listener = socket.create_server(("127.0.0.1", host_port))
        except OSError as error:
            raise ConfigError(f"port {host_port} of the host can't be had: {error.strerror}", port=host_port) from error
        relay = Relay(into)
        self._held.push_async_callback(relay.close)
        await relay.open(listener)
        return f"127.0.0.1:{listener.getsockname()[1]}"


def absolute(path: str, what: str) -> str:
    """Return a path inside as it is.

    Raises:
        ConfigError: It is relative, or no file can have such a name.
    """
    if not path.startswith("/") or _IN_NO_NAME.search(path):
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
