"""`local`: a sandbox from Linux namespaces and the host's own programs, by bubblewrap. No KVM, no Docker, no root.

One bubblewrap for each sandbox holds a supervisor as process 1, which runs commands and serves files over one socket.
Commands see the host's /usr read-only, folders of their own, no network, no other process and no capability; see
`_bwrap`, `_seccomp` and `_guest.confine`. The kernel is the host's: code that attacks kernels belongs into `boxlite`.

Not visible in `capabilities`: /tmp and /dev/shm are in memory and sized, host paths of folders can be read in
/proc/self/mountinfo, and the total of memory and of disk is not bounded.
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import _bwrap, _uids, journal
from claudebox_rl.sandbox._bwrap import HOME, Layout
from claudebox_rl.sandbox._bwrap_find import find_bwrap
from claudebox_rl.sandbox._check_spec import check_mounts
from claudebox_rl.sandbox._connection import Connection, Door, SocketConnection, join
from claudebox_rl.sandbox._frames import Channel
from claudebox_rl.sandbox._handover import Handover
from claudebox_rl.sandbox._machine import Machine, launch
from claudebox_rl.sandbox._relay import Relay
from claudebox_rl.sandbox._supervised import SupervisedSandbox
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE
from claudebox_rl.sandbox.spec import Capabilities, SandboxSpec

_MAX_OPEN_FILES = 1 << 16
_DIAL_S = 10.0
"""Longest time in which a server inside may take a connection."""
_BUSY = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""What passes: no process, memory or descriptor to spare just now."""
_STATE_FOLDERS = {**{folder: folder.strip("/") for folder in WRITABLE}, HOME: "home"}


class LocalSandbox(SupervisedSandbox):
    """A sandbox on this host's kernel and programs. It belongs to the event loop that starts it.

    Started by root, commands run as an unprivileged user number of their own and the workspace is given to that user
    until `stop`; started by anybody else, they run in a user namespace as the user who started it.

    Raises:
        ConfigError: The spec asks for what `capabilities` does not state, or for a mount or a workspace that can't be
            had.
    """

    name = "local"
    _proxied = frozenset({"restricted", "full"})

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what this host lets us enforce."""
        return Capabilities(
            isolation="namespace",
            networks=frozenset({"none", "restricted", "full"}),
            hard_limits=frozenset({"max_processes", "max_file_bytes"}),
        )

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        _check_folders(self.spec)
        self._env = {
            "HOME": HOME,
            "USER": "agent",
            "LOGNAME": "agent",
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "PATH": _bwrap.search_path(),
            **self.spec.env,
        }
        self._machine: Machine | None = None
        self._handover: Handover | None = None

    async def _boot(self) -> None:
        bwrap = await asyncio.to_thread(find_bwrap)
        await asyncio.to_thread(journal.reap_once)
        try:
            async with asyncio.timeout(self.spec.start_timeout_s):
                await self._make(bwrap)
        except (OSError, SandboxUnavailableError) as error:
            # All that bwrap had to say is there once it is gone.
            await self.stop()
            raise SandboxStartError(self._why_not(error), cause=_cause(error), sandbox_id=self.sandbox_id) from error

    def _why_not(self, error: Exception) -> str:
        said = self._machine.said.decode("utf-8", "replace").strip() if self._machine else ""
        if isinstance(error, TimeoutError):
            return f"the local sandbox did not start in {self.spec.start_timeout_s:g} s {said}"
        return f"the local sandbox did not start: {said or error}"

    async def _make(self, bwrap: str) -> None:
        state = journal.machines_dir().absolute() / self.sandbox_id
        entry = journal.record(self.sandbox_id, self.name, state)
        self._held.callback(journal.forget, self.sandbox_id)
        uid = self._lease_uid()
        folders = await self._make_folders(state, uid)
        machine = self._machine = launch(bwrap, Layout(folders, self.spec.mounts, uid))
        self._held.push_async_callback(machine.end)
        self._handover = Handover(machine.rights)
        self._held.callback(self._handover.close)
        channel = self._channel = Channel(on_close=machine.kill)
        self._held.push_async_callback(channel.wait_closed)
        self._held.callback(channel.close, "it was stopped")
        await channel.open(
            machine.control,
            {
                "uid": uid,
                "max_processes": self.spec.max_processes,
                "max_file_bytes": self.spec.max_file_bytes,
                "max_open_files": _MAX_OPEN_FILES,
            },
        )
        journal.record_machine(entry, machine.supervisor_pid())

    def _lease_uid(self) -> int | None:
        if os.geteuid() != 0:
            return None
        lease = _uids.lease_uid()
        self._held.callback(lease.release)
        return lease.uid

    async def _make_folders(self, state: Path, uid: int | None) -> dict[str, Path]:
        self._held.push_async_callback(asyncio.to_thread, journal.remove_tree, state)
        folders = {inside: state / name for inside, name in _STATE_FOLDERS.items()}
        for folder in folders.values():
            folder.mkdir(mode=0o755, parents=True)
            if uid is not None:
                os.chown(folder, uid, uid)
        if self.spec.workspace is not None:
            folders[WORKSPACE] = workspace = self.spec.workspace.absolute()
            workspace.mkdir(parents=True, exist_ok=True)
            if uid is not None:
                await self._give(workspace, uid)
        return folders

    async def _give(self, workspace: Path, uid: int) -> None:
        """Give the workspace to the sandbox's user until `stop`."""
        owner = _uids.owner_to_restore(workspace)
        self._held.push_async_callback(asyncio.to_thread, _uids.give, workspace, *owner)
        giving = asyncio.ensure_future(asyncio.to_thread(_uids.give, workspace, uid, uid))
        # A cancelled start must not have both under way.
        self._held.push_async_callback(asyncio.wait, [giving])
        await asyncio.shield(giving)

    async def _lead(self, channel: Channel, port: int, door: Door) -> str:
        assert self._handover is not None
        listener, inside = await self._handover.listen(channel, port)
        relay = Relay(door)
        self._held.push_async_callback(relay.close)
        await relay.open(listener)
        return f"127.0.0.1:{inside}"

    async def _reach(self, channel: Channel, port: int, near: Connection) -> None:
        assert self._handover is not None
        made = await self._handover.unconnected(channel)
        try:
            async with asyncio.timeout(_DIAL_S):
                await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
            far = SocketConnection(*await asyncio.open_connection(sock=made))
        except BaseException:
            made.close()
            raise
        try:
            await join(near, far)
            await far.close()
        finally:
            far.cut()


def _cause(error: Exception) -> str:
    """Return what a failed start is down to; `other` is what another try would meet again."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError):
        return "busy" if error.errno in _BUSY else "other"
    return "boot"


def _check_folders(spec: SandboxSpec) -> None:
    check_mounts(spec, _bwrap.reserved())
    if spec.workspace is not None:
        _bwrap.check_workspace(spec.workspace)
