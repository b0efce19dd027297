"""`unsafe`: commands of the host in a temporary folder, with no isolation at all. Taken only by its explicit name.

What holds: commands get a small environment that is not the host's, their own folders, and an end with their whole
process group. What does not hold: a command can read, write and reach whatever the user can, `max_processes` and
`max_file_bytes` are not enforced, and a process that leaves its group is ended only on Linux, and only while it keeps
the environment that it was started with (`env -i setsid ...` escapes).
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError, boundary
from claudebox_rl.sandbox._check_spec import check_fork, check_port, check_same_port
from claudebox_rl.sandbox._guest.disk import folder_bytes
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.sandbox._unsafe import process_tree
from claudebox_rl.sandbox._unsafe.failed_start import failed_start
from claudebox_rl.sandbox._unsafe.host_process import HostProcess
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE, Sandbox
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.metrics import SandboxMetrics
from claudebox_rl.sandbox.spec import Capabilities, Mount, SandboxSpec

_LOG = logging.getLogger(__name__)
_HOME = "/home/sandbox"
_OWN_FOLDERS = (*WRITABLE, "/tmp", _HOME)


class UnsafeSandbox(Sandbox):
    """Runs commands as plain processes of the host, below a temporary folder (`root`).

    Commands find `root` in `CLAUDEBOX_ROOT`, their home folder and `TMPDIR` are below it.

    Raises:
        ConfigError: The spec asks for an image, a limit or `network="none"`: nothing here can enforce them.
    """

    name = "unsafe"

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        _check_folders(self.spec)
        self._num_commands = 0
        self._alive = False
        self._stopping = asyncio.Lock()
        self._running: set[HostProcess] = set()
        self._left_groups: set[int] = set()
        """Process groups of ended commands that still had members: background jobs, to be ended at `stop`."""

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what holds here: next to nothing."""
        return Capabilities(isolation="none", networks=frozenset({"full"}))

    async def start(self) -> None:
        """Make the folders. Logs one warning, because nothing is isolated."""
        if self.root:
            raise SandboxStartError(f"{self.sandbox_id} was started before; make a new sandbox")
        with boundary(SandboxStartError, "can't make the folders of the unsafe sandbox"):
            self.root = os.path.realpath(tempfile.mkdtemp(prefix="claudebox-unsafe-"))
            self._lay_out(Path(self.root))
        self._alive = True
        _LOG.warning("sandbox=unsafe runs commands on this host without any isolation (%s)", self.root)

    def _lay_out(self, root: Path) -> None:
        workspace = self.spec.workspace
        mounts = self.spec.mounts + ((Mount(workspace, WORKSPACE),) if workspace else ())
        for mount in mounts:
            place = root / mount.target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(mount.source, target_is_directory=True)
        for folder in _OWN_FOLDERS:
            (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    async def stop(self) -> None:
        """End every process that can be found and delete the folders; a workspace given in the spec stays."""
        self._alive = False
        async with self._stopping:
            running = tuple(self._running)
            for process in running:
                process.lose(self._unavailable())
            for group in self._left_groups:
                process_tree.end_group(group)
            self._left_groups.clear()
            if self.root and Path(self.root).exists():
                await asyncio.to_thread(process_tree.end_marked, self._mark)
                await asyncio.gather(*(process.kill() for process in running))
                await asyncio.to_thread(remove_tree, Path(self.root))

    async def open_exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout_s: float | None = None,
    ) -> ExecStream:
        """Start a process of the host in its own session; a missing `cwd` is a result too (126)."""
        self._require_alive()
        if user is not None:
            raise ConfigError("sandbox=unsafe runs commands as you; leave user out", field="user")
        self._num_commands += 1
        process = HostProcess(f"CLAUDEBOX_EXEC_ID={uuid.uuid4().hex}", on_end=self._ended)
        marks = dict(mark.split("=", 1) for mark in (self._mark, process.mark))
        variables = {**self._environment(), **(env or {}), **marks}
        folder = self.root + (cwd or WORKSPACE)
        try:
            await process.start(argv, variables, folder, timeout_s)
        except OSError as error:
            return failed_start(argv[0], folder, variables["PATH"], error)
        if not self._alive:
            await process.kill()
            raise self._unavailable()
        self._running.add(process)
        return process

    async def expose_host_port(self, port: int) -> str:
        """Return the host's own loopback address: commands here reach all of it anyway."""
        self._require_alive()
        return f"127.0.0.1:{port}"

    async def publish_port(self, port: int, host_port: int | None = None) -> str:
        """Return the host's own loopback address: commands serve there."""
        self._require_alive()
        check_port(port)
        check_same_port(self.name, port, host_port)
        return f"127.0.0.1:{port}"

    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        """Start `n` sandboxes with copies of the folders; commands here are not held still meanwhile."""
        self._require_alive()
        check_fork(n)
        forks = [type(self)(replace(self.spec, workspace=None)) for _ in range(n)]
        try:
            for fork in forks:
                await fork.start()
                await asyncio.to_thread(_copy_folders, Path(self.root), Path(fork.root))
        except BaseException as error:
            for fork in forks:
                await fork.stop()
            if isinstance(error, OSError | shutil.Error):
                raise SandboxStartError(f"can't copy the folders of {self.sandbox_id}: {error}") from error
            raise
        return tuple(forks)

    async def metrics(self) -> SandboxMetrics:
        """Return what can be told of plain processes: the folders' size and the number of commands."""
        self._require_alive()
        return SandboxMetrics(
            cpu_s=None,
            memory_bytes=None,
            memory_peak_bytes=None,
            memory_source="none",
            disk_bytes=await asyncio.to_thread(folder_bytes, [Path(self.root)]),
            network_sent_bytes=None,
            network_received_bytes=None,
            num_processes=None,
            num_commands=self._num_commands,
        )

    @property
    def _mark(self) -> str:
        return f"CLAUDEBOX_SANDBOX_ID={self.sandbox_id}"

    def _environment(self) -> dict[str, str]:
        own = {
            "PATH": os.environ.get("PATH") or os.defpath,
            "HOME": self.root + _HOME,
            "TMPDIR": self.root + "/tmp",
            "LANG": "C.UTF-8",
            "CLAUDEBOX_ROOT": self.root,
        }
        return own | dict(self.spec.env)

    def _ended(self, process: HostProcess) -> None:
        self._running.discard(process)
        if process_tree.group_lives(process.group):
            self._left_groups.add(process.group)

    def _require_alive(self) -> None:
        if not self._alive:
            raise self._unavailable()

    def _unavailable(self) -> SandboxUnavailableError:
        return SandboxUnavailableError(f"{self.sandbox_id} is not running", sandbox_id=self.sandbox_id)


def _check_folders(spec: SandboxSpec) -> None:
    for folder in (*(mount.source for mount in spec.mounts), *filter(None, [spec.workspace])):
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder of this host, so no sandbox can see it")
    for target in (mount.target for mount in spec.mounts):
        if not target.startswith("/") or any(Path(target).is_relative_to(own) for own in _OWN_FOLDERS):
            raise ConfigError(f"can't mount at {target}: not absolute, or in a folder of the sandbox's own")


def _copy_folders(source: Path, target: Path) -> None:
    for folder in (name.lstrip("/") for name in _OWN_FOLDERS):
        shutil.copytree(source / folder, target / folder, symlinks=True, dirs_exist_ok=True)
