"""A sandbox wholly in memory, for tests of what stands on one: no process, and no file of the host but `copy_out`'s.

Scripting a program for a test::

    async def bash(call: FakeCall) -> int:
        await call.sandbox.write_file("/logs/verifier/reward.txt", b"1.0")
        return 0

    sandbox = FakeSandbox()
    sandbox.handlers["bash"] = bash
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._check_spec import check_fork, check_port, check_same_port
from claudebox_rl.sandbox.base import FILE_CAP_BYTES, WORKSPACE, WRITABLE, Sandbox
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.metrics import SandboxMetrics
from claudebox_rl.sandbox.spec import Capabilities, SandboxSpec
from claudebox_rl.testing._fake_files import FakeFile, FakeFiles, normal
from claudebox_rl.testing._fake_stream import FakeStream
from claudebox_rl.testing.fake_programs import PROGRAMS, FakeCall, Handler

_HOME = "/home/sandbox"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": _HOME, "LANG": "C.UTF-8"}


class FakeSandbox(Sandbox):
    """Plays commands as Python coroutines and keeps files in a dict.

    `handlers` maps a program's name to the coroutine that plays it; set it in a subclass, or change an instance's own
    copy. A program that is named with a path is found by its last part. What has no handler exits with 127.

    Raises:
        ConfigError: The spec asks for what `capabilities` does not state, or for a workspace of the host.
    """

    name = "fake"
    handlers: dict[str, Handler] = PROGRAMS

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what holds here."""
        return Capabilities(
            isolation="fake",
            networks=frozenset({"none"}),
            # No process is ever made, so none can pass these.
            hard_limits=frozenset({"cpus", "memory_mib", "max_processes"}),
            shell=False,
        )

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        self._check_folders()
        self._num_commands = 0
        self.handlers = dict(self.handlers)
        self._fs = FakeFiles((*WRITABLE, "/tmp", _HOME), self.spec.mounts)
        self._streams: set[FakeStream] = set()
        self._state = "not started"

    @property
    def files(self) -> dict[str, FakeFile]:
        """Every file by its absolute path, to look at and to change."""
        return self._fs.files

    def die(self) -> None:
        """Be dead from now on: running commands and all later calls get `SandboxUnavailableError`."""
        self._state = "dead"
        for stream in tuple(self._streams):
            stream.lose(self._unavailable())

    async def start(self) -> None:
        """Be ready."""
        if self._state != "not started":
            raise SandboxStartError(f"{self.sandbox_id} is {self._state}; make a new sandbox")
        self._state = "running"

    async def stop(self) -> None:
        """End the commands and forget the files."""
        self._state = "stopped"
        for stream in tuple(self._streams):
            stream.lose(self._unavailable())
        self.files.clear()

    async def open_exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout_s: float | None = None,
    ) -> ExecStream:
        """Play a command with the handler of its program."""
        self._require_running()
        if user is not None:
            raise ConfigError("sandbox=fake has no users; leave user out", field="user")
        self._num_commands += 1
        variables = {**_ENVIRONMENT, **self.spec.env, **(env or {})}
        handler = self._handler(argv[0], cwd or WORKSPACE)
        stream = FakeStream(
            lambda own: handler(FakeCall(tuple(argv), variables, normal(cwd or WORKSPACE), self, own)), timeout_s
        )
        self._streams.add(stream)
        stream.on_end(self._streams.discard)
        return stream

    def _handler(self, program: str, cwd: str) -> Handler:
        path = normal(posixpath.join(cwd, program))
        if normal(cwd) not in self._fs.folders:
            return _fails(126, f"{cwd}: No such folder")
        if "/" in program and path in self.files and not self.files[path].mode & 0o111:
            return _fails(126, f"{program}: Permission denied")
        handler = self.handlers.get(program) or self.handlers.get(posixpath.basename(program))
        return handler or _fails(
            127, f"{program}: not found; the fake sandbox knows {', '.join(sorted(self.handlers))}"
        )

    async def expose_host_port(self, port: int) -> str:
        """Return the loopback address: a handler is a part of the host."""
        self._require_running()
        return f"127.0.0.1:{port}"

    async def publish_port(self, port: int, host_port: int | None = None) -> str:
        """Return the loopback address: a handler is a part of the host."""
        self._require_running()
        check_port(port)
        check_same_port(self.name, port, host_port)
        return f"127.0.0.1:{port}"

    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        """Start `n` sandboxes with the same files and handlers."""
        self._require_running()
        check_fork(n)
        forks = [type(self)(self.spec) for _ in range(n)]
        for fork in forks:
            fork.handlers = dict(self.handlers)
            fork.files.update(self.files)
            fork._fs.folders.update(self._fs.folders)
            await fork.start()
        return tuple(forks)

    async def metrics(self) -> SandboxMetrics:
        """Return the files' size and the number of commands; there are no processes."""
        self._require_running()
        return SandboxMetrics(
            cpu_s=None,
            memory_bytes=None,
            memory_peak_bytes=None,
            memory_source="none",
            disk_bytes=sum(len(file.data) for file in self.files.values()),
            network_sent_bytes=None,
            network_received_bytes=None,
            num_processes=0,
            num_commands=self._num_commands,
        )

    async def read_file(self, path: str, *, max_bytes: int = FILE_CAP_BYTES) -> bytes:
        """Return the bytes of a file."""
        self._require_running()
        return self._fs.read(path, max_bytes)

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Keep a file."""
        self._require_running()
        self._fs.write(path, data, mode)

    async def copy_in(self, source: Path, target: str) -> None:
        """Copy a file or a folder's content in; a link in the folder is refused, the fake has none."""
        self._require_running()
        if source.is_file():
            self._fs.write(target, source.read_bytes(), source.stat().st_mode & 0o777)
        else:
            self._fs.copy_in(source, target)

    async def copy_out(self, source: str, target: Path, *, max_bytes: int = FILE_CAP_BYTES) -> None:
        """Write a folder's content to the host."""
        self._require_running()
        self._fs.copy_out(source, target, max_bytes)

    def _check_folders(self) -> None:
        if self.spec.workspace is not None:
            raise ConfigError("sandbox=fake keeps nothing on the host; a workspace folder needs another sandbox")
        for mount in self.spec.mounts:
            if not mount.source.is_dir():
                raise ConfigError(f"{mount.source} is no folder of this host, so no sandbox can see it")

    def _require_running(self) -> None:
        if self._state != "running":
            raise self._unavailable()

    def _unavailable(self) -> SandboxUnavailableError:
        return SandboxUnavailableError(f"{self.sandbox_id} is {self._state}", sandbox_id=self.sandbox_id)


def _fails(exit_code: int, message: str) -> Handler:
    async def handler(call: FakeCall) -> int:
        call.write_stderr(os.fsencode(f"{message}\n"))
        return exit_code

    return handler


__all__ = ["FakeCall", "FakeFile", "FakeSandbox", "Handler"]
