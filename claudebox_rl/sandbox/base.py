"""The contract of a sandbox: `open_exec` at the bottom; whole commands and files are built on it.

A backend overrides `read_file` and `write_file` where it has a faster way. Inside every sandbox the same folders are
writable: /workspace (where commands start), /tests, /solution, /logs, /tmp and the home folder. They are seen under
`root`, which is empty except where a backend has no file system of its own.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from claudebox_rl.errors import OutputLimitError, SandboxError
from claudebox_rl.sandbox import _by_shell
from claudebox_rl.sandbox._archive import pack, unpack
from claudebox_rl.sandbox._check_spec import check_spec
from claudebox_rl.sandbox._output import Kept
from claudebox_rl.sandbox.exec_stream import ExecStream, feed
from claudebox_rl.sandbox.metrics import SandboxMetrics
from claudebox_rl.sandbox.spec import Capabilities, ExecResult, SandboxSpec
from claudebox_rl.types import RefusedConnection

WORKSPACE = "/workspace"
WRITABLE = (WORKSPACE, "/tests", "/solution", "/logs")
OUTPUT_CAP_BYTES = 8 << 20
FILE_CAP_BYTES = 256 << 20


class Sandbox(ABC):
    """One isolated machine that runs commands. Made cheap, started by `start` or `async with`, ended by `stop`.

    Args:
        spec: What to make. Checked here: nothing is started with a spec that can't be enforced.

    Raises:
        ConfigError: The backend can't enforce `spec`.
    """

    name: ClassVar[str]
    root: str = ""
    """Prefix under which commands see the folders above; only `unsafe` has one."""

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        self.spec = spec or SandboxSpec()
        check_spec(self.name, self.spec, self.capabilities())
        self.sandbox_id = f"{self.name}-{uuid.uuid4().hex[:12]}"

    @classmethod
    @abstractmethod
    def capabilities(cls) -> Capabilities:
        """Return what this backend gives on this host. Found out once for each process; starts nothing."""

    @abstractmethod
    async def start(self) -> None:
        """Boot the machine; once.

        Raises:
            SandboxStartError: It did not come up in `spec.start_timeout_s`, or this host can't run it (says what to
                enable).
        """

    @abstractmethod
    async def stop(self) -> None:
        """End every process and remove what was made for this machine. Idempotent, also after a failed start."""

    @abstractmethod
    async def open_exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout_s: float | None = None,
    ) -> ExecStream:
        """Start a command with standard input open and stream its output.

        Args:
            argv: Program and arguments; never a shell string.
            env: Added to the sandbox's environment.
            cwd: Absolute path inside; /workspace by default.
            user: Name of a user inside, or its number; by default the spec's.
            timeout_s: From start to end; then the whole process tree is ended and the status says `timed_out`.

        Raises:
            ConfigError: The backend has no such user (see `Capabilities.users`).
            SandboxUnavailableError: The machine is not running.

        A program that does not exist is a result: exit code 127 with a line on standard error (126 where it can't run).
        """

    @abstractmethod
    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        """Start `n` sandboxes that hold the same files as this one and share nothing with it or with each other.

        Copied are the files of the writable folders (/workspace, /tests, /solution, /logs and the home folder), as they
        are at one moment: commands here are held still meanwhile and go on after. Not copied are processes, exposed
        ports, and /tmp where it is in memory. A fork of a workspace on the host has a workspace of its own, deleted at
        `stop`. The caller stops each; if one does not start, none is left.

        Args:
            n: How many, at least 1.

        Raises:
            ConfigError: `n` is less than 1.
            SandboxStartError: One did not come up.
            SandboxUnavailableError: This machine is not running.
        """

    @abstractmethod
    async def metrics(self) -> SandboxMetrics:
        """Return what this sandbox has used since its start.

        Raises:
            SandboxUnavailableError: The machine is not running: ask before `stop`.
        """

    @abstractmethod
    async def publish_port(self, port: int, host_port: int | None = None) -> str:
        """Make one TCP port of the machine's loopback reachable on the host's loopback, until `stop`.

        Returns:
            `host:port`, to be dialled on the host: at `host_port`, else at a free one, the same for the same `port`. A
            connection to a port that nobody serves inside is cut.

        Raises:
            ConfigError: A number is not from 1 to 65535, or `host_port` can't be had.
            SandboxUnavailableError: The machine is not running.
        """

    @abstractmethod
    async def expose_host_port(self, port: int) -> str:
        """Make one TCP port of the host's loopback reachable from inside, and nothing else of the host.

        Returns:
            `host:port`, to be dialled by commands inside. The same answer for the same port.
        """

    def take_refused(self) -> tuple[RefusedConnection, ...]:
        """Return the connections that the network policy refused since the last time, at most the last 256.

        Empty where the backend has no policy, or can't see what it refuses; works after `stop` too.
        """
        return ()

    async def exec(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout_s: float | None = None,
        output_cap_bytes: int = OUTPUT_CAP_BYTES,
    ) -> ExecResult:
        """Run a command to its end.

        Args:
            argv: Program and arguments; never a shell string.
            stdin: The whole standard input; end-of-file follows.
            env: Added to the sandbox's environment.
            cwd: Absolute path inside; /workspace by default.
            user: As for `open_exec`.
            timeout_s: As for `open_exec`; what was printed until then is returned.
            output_cap_bytes: Kept of standard output and of standard error, each.

        Raises:
            SandboxUnavailableError: The machine is not running, or died.
        """
        return await self._run(
            argv, stdin=stdin, env=env, cwd=cwd, user=user, timeout_s=timeout_s, output_cap_bytes=output_cap_bytes
        )

    async def _run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout_s: float | None,
        output_cap_bytes: int = OUTPUT_CAP_BYTES,
        end_when_cut: bool = False,
    ) -> ExecResult:
        started = time.monotonic()
        kept = {"stdout": Kept(output_cap_bytes), "stderr": Kept(output_cap_bytes)}
        async with await self.open_exec(argv, env=env, cwd=cwd, user=user, timeout_s=timeout_s) as stream:
            feeder = asyncio.create_task(feed(stream, stdin))
            try:
                async for chunk in stream:
                    kept[chunk.stream].add(chunk.data)
                    if end_when_cut and kept[chunk.stream].cut:
                        await stream.kill()
                status = await stream.wait()
            finally:
                feeder.cancel()
                await asyncio.gather(feeder, return_exceptions=True)
        out, err = kept["stdout"], kept["stderr"]
        took_s = time.monotonic() - started
        return ExecResult(status.exit_code, out.marked(), err.marked(), status.timed_out, out.cut or err.cut, took_s)

    async def read_file(self, path: str, *, max_bytes: int = FILE_CAP_BYTES) -> bytes:
        """Return the bytes of a regular file inside; links are resolved inside, never on the host.

        Raises:
            FileNotFoundError: There is no such file.
            SandboxError: It is a folder, a device or unreadable.
            OutputLimitError: It is larger than `max_bytes`.
        """
        script = '[ -e "$1" ] || exit 44; [ -f "$1" ] || exit 45; exec cat -- "$1"'
        result = await self._run(
            ["sh", "-c", script, "sh", self.root + path], timeout_s=60, output_cap_bytes=max_bytes, end_when_cut=True
        )
        if result.truncated:
            raise OutputLimitError(f"{path} is larger than {max_bytes} bytes", path=path, max_bytes=max_bytes)
        if result.exit_code == 44:
            raise FileNotFoundError(path)
        if result.exit_code != 0:
            detail = "not a regular file" if result.exit_code == 45 else result.stderr.decode("utf-8", "replace")
            raise SandboxError(f"can't read {path} in the sandbox: {detail.strip()}", path=path)
        return result.stdout

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file inside, with its parent folders, in one rename: a reader sees the old or the new content.

        Raises:
            SandboxError: It can't be written (read-only, full, a folder in its place).
        """
        await _by_shell.write_file(self, path, data, mode)

    async def resolve_path(self, path: str) -> str:
        """Return the absolute path without links to which a path leads at this moment; what is missing is kept.

        Args:
            path: Absolute, as commands see it (with `root`), and so is what is returned.

        Raises:
            SandboxError: It can't be told: its links lead in a circle, or through a link of /proc, which leads each
                process elsewhere.
        """
        return await _by_shell.resolve_path(self, path)

    async def copy_in(self, source: Path, target: str) -> None:
        """Copy a file or a folder's content of the host to `target` inside; times and owners are not kept.

        Raises:
            SandboxError: It can't be written.
        """
        if source.is_file():
            await self.write_file(target, source.read_bytes(), mode=source.stat().st_mode & 0o777)
            return
        archive = await asyncio.to_thread(pack, source)
        script = 'mkdir -p -- "$1" && exec tar --no-same-owner -xf - -C "$1"'
        result = await self.exec(["sh", "-c", script, "sh", self.root + target], stdin=archive, timeout_s=300)
        if result.exit_code != 0:
            detail = result.stderr.decode("utf-8", "replace").strip()
            raise SandboxError(f"can't copy {source} to {target} in the sandbox: {detail}", path=target)

    async def copy_out(self, source: str, target: Path, *, max_bytes: int = FILE_CAP_BYTES) -> None:
        """Copy a folder's regular files and folders from inside to `target` on the host.

        Links, devices and sockets are left out, so nothing made inside is followed or created outside. A file that
        stands in `target` already is not replaced.

        Raises:
            SandboxError: The folder can't be read, or a file can't be made in `target`.
            OutputLimitError: It holds more than `max_bytes`.
        """
        argv = ["tar", "-cf", "-", "-C", self.root + source, "."]
        result = await self._run(argv, timeout_s=300, output_cap_bytes=max_bytes, end_when_cut=True)
        if result.truncated:
            raise OutputLimitError(f"{source} holds more than {max_bytes} bytes", path=source, max_bytes=max_bytes)
        if result.exit_code not in (0, 1):
            detail = result.stderr.decode("utf-8", "replace").strip()
            raise SandboxError(f"can't copy {source} out of the sandbox: {detail}", path=source)
        await asyncio.to_thread(unpack, result.stdout, target, max_bytes=max_bytes)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await asyncio.shield(self.stop())
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.shield(self.stop())
